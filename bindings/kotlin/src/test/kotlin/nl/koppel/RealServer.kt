package nl.koppel

import com.sun.net.httpserver.HttpServer
import java.net.InetSocketAddress
import java.net.ServerSocket
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.nio.file.Files
import java.nio.file.Path
import java.security.MessageDigest
import java.security.SecureRandom
import java.util.Base64
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonObjectBuilder
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonObject

/** A `koppel-server` process on loopback with organisation *De Linden* and one panel, seen through the panel's public API. */
class RealServer private constructor(private val folder: Path, private val port: Int, private val directory: HttpServer) : AutoCloseable {
    private var process: Process? = null
    private lateinit var key: String
    private val http: HttpClient = HttpClient.newHttpClient()

    val host = "127.0.0.1:$port"

    fun restart() {
        kill()
        val serve = listOf(program, "serve", "--database", "$folder/koppel.sqlite", "--listen", host)
        val started = ProcessBuilder(serve).redirectError(folder.resolve("server.log").toFile()).start()
        process = started
        val line = started.inputReader().readLine()
        check(line?.startsWith("listening on ") == true) { "the server did not come up: $line" }
    }

    fun kill() {
        process?.destroyForcibly()?.waitFor()
        process = null
    }

    override fun close() {
        kill()
        directory.stop(0)
    }

    private fun command(vararg arguments: String): JsonObject {
        val run = ProcessBuilder(listOf(program) + arguments + listOf("--database", "$folder/koppel.sqlite", "--json"))
        val started = run.redirectError(ProcessBuilder.Redirect.INHERIT).start()
        val said = started.inputReader().readText()
        check(started.waitFor() == 0) { "koppel-server ${arguments.joinToString(" ")}: $said" }
        return Json.parseToJsonElement(said).jsonObject
    }

    // ── the panel ────────────────────────────────────────────────────────────────────────────────────────────────────────

    fun call(method: String, path: String, body: JsonObject? = null): JsonObject {
        val request = HttpRequest.newBuilder(URI("http://$host$path")).header("authorization", "Bearer $key").header("content-type", "application/json")
        if (method == "POST") request.header("idempotency-key", random())
        val text = body?.toString()
        request.method(method, if (text == null) HttpRequest.BodyPublishers.noBody() else HttpRequest.BodyPublishers.ofString(text))
        val answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString())
        check(answer.statusCode() in 200..299) { "$method $path: ${answer.statusCode()} ${answer.body()}" }
        return if (answer.body().isBlank()) JsonObject(emptyMap()) else Json.parseToJsonElement(answer.body()).jsonObject
    }

    /** A user whose id and login name are the same word. */
    fun user(name: String) = call("PUT", "/v1/users/$name", buildJsonObject { put("login_name", name); put("display", name) })

    fun koppelcode(name: String): String = call("POST", "/v1/users/$name/koppelcodes", desk()).text("code")

    /** The link of the set-up page that a browser sees. */
    fun link(name: String): String {
        val prompt = login(name, null, "enrol") {
            put("return_url", RETURN)
            put("state", "state")
        }
        var page = browse(URI(call("POST", "/v1/prompts", prompt.first).text("url")), cookies = "")
        while (page.statusCode() in 300..399) {
            val cookies = page.headers().allValues("set-cookie").joinToString("; ") { it.substringBefore(';') }
            page = browse(page.uri().resolve(page.headers().firstValue("location").get()), cookies)
        }
        val html = page.body()
        val link = Regex("<textarea[^>]*>([^<]+)</textarea>").find(html) ?: error("no link on $html")
        return link.groupValues[1].replace("&amp;", "&").replace("&#38;", "&").trim()
    }

    private fun browse(page: URI, cookies: String): HttpResponse<String> {
        val request = HttpRequest.newBuilder(page).header("accept", "text/html").header("accept-language", "en").header("user-agent", BROWSER)
        request.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document").header("sec-fetch-site", "same-origin")
        if (cookies.isNotEmpty()) request.header("cookie", cookies)
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString())
    }

    /** The desk types the number that the owner of the new phone reads out. */
    fun confirm(name: String, checkNumber: String) {
        val pending = call("GET", "/v1/users/$name").getValue("pending_pairings").jsonArray.first().jsonObject.text("id")
        call("POST", "/v1/users/$name/pairings/$pending/confirm", buildJsonObject {
            put("check_number", checkNumber)
            desk().forEach { (field, value) -> put(field, value) }
        })
    }

    fun unlock(name: String) = call("POST", "/v1/users/$name/unlock", desk())

    fun challenge(name: String, mode: String): Login {
        val (body, secret) = login(name, mode, "login")
        return Login(call("POST", "/v1/challenges", body), secret)
    }

    fun stateOf(login: Login): String = call("GET", "/v1/challenges/${login.id}").text("state")

    fun check(login: Login, code: String): JsonObject =
        call("POST", "/v1/challenges/${login.id}/check", buildJsonObject { put("v", login.secret); put("code", code) })

    fun consume(login: Login): JsonObject = call("POST", "/v1/challenges/${login.id}/consume", buildJsonObject { put("v", login.secret) })

    /** A login that a panel began. */
    class Login(answer: JsonObject, val secret: String) {
        val id = answer.text("id")
        val number = answer["number"]?.jsonPrimitive?.content
    }

    private fun login(name: String, mode: String?, purpose: String, more: JsonObjectBuilder.() -> Unit = {}): Pair<JsonObject, String> {
        val secret = ByteArray(32).also(SecureRandom()::nextBytes)
        val body = buildJsonObject {
            putJsonObject("user") { put("external_id", name); put("login_name", name) }
            put("purpose", purpose)
            if (mode != null) put("mode", mode)
            put("binding", b64(MessageDigest.getInstance("SHA-256").digest(secret)))
            putJsonObject("browser") { put("ip", if (purpose == "enrol") "127.0.0.1" else "192.0.2.7"); put("user_agent", BROWSER) }
            put("first_factor_at", System.currentTimeMillis() / 1000)
            more()
        }
        return body to b64(secret)
    }

    private fun desk() = buildJsonObject { put("agent", "agent 7"); put("reason", "caller verified"); put("ticket", "T-1") }

    companion object {
        const val PASSWORD = "a-linden-tree-in-may"
        private const val RETURN = "http://127.0.0.1:1/2fa"
        private const val BROWSER = "Mozilla/5.0 (X11; Linux) Firefox/150.0"
        private val program = "${System.getenv("KOPPEL_BIN_DIR")}/koppel-server"

        fun start(): RealServer {
            val port = ServerSocket(0).use { it.localPort }
            val directory = directory()
            val server = RealServer(Files.createTempDirectory("koppel-server"), port, directory)
            server.command(
                "init", "--organisation", "De Linden", "--public-url", "http://${server.host}",
                "--directory-url", "http://127.0.0.1:${directory.address.port}/", "--set", "resend_after=20",
            )
            val party = arrayOf("relying-party", "add", "Klantpaneel", "--organisation", "De Linden")
            server.command(*party, "--return-url", RETURN, "--methods", "app")
            server.key = server.command("key", "add", "--relying-party", "Klantpaneel", "--scope", "verify,manage,desk").text("key")
            server.restart()
            return server
        }

        /** Whoever types [PASSWORD] is who they say. */
        private fun directory(): HttpServer = HttpServer.create(InetSocketAddress("127.0.0.1", 0), 0).apply {
            createContext("/") { exchange ->
                val question = Json.parseToJsonElement(exchange.requestBody.reader().readText()).jsonObject
                val right = question.text("password") == PASSWORD
                val name = question.text("login_name")
                val answer = buildJsonObject { put("external_id", name); put("display", name) }.toString().toByteArray()
                exchange.responseHeaders.add("content-type", "application/json")
                exchange.sendResponseHeaders(if (right) 200 else 403, answer.size.toLong())
                exchange.responseBody.use { it.write(answer) }
            }
            start()
        }

        fun b64(bytes: ByteArray): String = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes)

        private fun random() = b64(ByteArray(16).also(SecureRandom()::nextBytes))
    }
}

fun JsonObject.text(field: String): String = getValue(field).jsonPrimitive.content
