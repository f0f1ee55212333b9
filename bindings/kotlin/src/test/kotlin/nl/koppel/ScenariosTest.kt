package nl.koppel

import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.nameWithoutExtension
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.sync.Semaphore
import kotlinx.coroutines.sync.withPermit
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonObjectBuilder
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.addJsonObject
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.buildJsonArray
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonObject
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.TestInstance

/** The scenarios of `tests/scenarios/`, played by `nl.koppel`. `KOPPEL_SCENARIO=NAME` plays one. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ScenariosTest {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.IO)

    /** Most of a scenario is waiting. */
    private val seats = Semaphore(6)

    @AfterAll
    fun end() = scope.cancel()

    @TestFactory
    fun scenarios(): List<DynamicTest> {
        val folder = Path.of(System.getProperty("koppel.repository"), "tests", "scenarios")
        val files = Files.list(folder).use { files -> files.filter { it.toString().endsWith(".json") }.sorted().toList() }
        val wanted = System.getenv("KOPPEL_SCENARIO")
        val scenarios = files.map { Json.parseToJsonElement(Files.readString(it)).jsonObject }.filter { wanted == null || it.text("name") == wanted }
        val ended = mutableSetOf<String>()
        // What waits longest begins first.
        val tests = scenarios.sortedByDescending { "in real time" in it.text("shows") }.map { scenario ->
            val played = scope.async { seats.withPermit { runCatching { Play(scope).play(scenario) } } }
            dynamicTest(scenario.text("name")) {
                val end = runBlocking { played.await() }
                ended += scenario.text("name")
                end.getOrThrow()
            }
        }
        if (wanted != null) return tests
        return tests + dynamicTest("none was skipped") { assertEquals(files.map { it.nameWithoutExtension }.toSet(), ended) }
    }
}

/** One scenario. */
private class Play(private val scope: CoroutineScope) {
    private val saved = mutableMapOf<String, JsonElement>()
    private val phones = mutableMapOf<String, ScenarioPhone>()
    private val stage = ProcessBuilder("${System.getenv("KOPPEL_BIN_DIR")}/koppel-stage").redirectError(ProcessBuilder.Redirect.INHERIT).start()
    private val acts = stage.outputWriter()
    private val answers = stage.inputReader()

    suspend fun play(scenario: JsonObject) = try {
        val unknown = scenario["needs"]?.jsonArray.orEmpty().map { it.jsonPrimitive.content } - "clock"
        check(unknown.isEmpty()) { "this player has no $unknown" }
        for ((name, settings) in scenario.getValue("servers").jsonObject) {
            saved[name] = act(name, JsonObject(settings.jsonObject + ("do" to JsonPrimitive("start")))).getValue("host")
        }
        for ((name, is_) in scenario.getValue("phones").jsonObject) {
            val clockAheadSeconds = is_.jsonObject["clock_s"]?.jsonPrimitive?.long ?: 0
            val phone = ScenarioPhone(scope, clockAheadSeconds).also { phones[name] = it }
            phone.open(connected = true)
            for (paired in is_.jsonObject["paired"]?.jsonArray.orEmpty()) pairing(name, paired.jsonObject).forEach { step(it.jsonObject) }
            if (is_.jsonObject["connected"]?.jsonPrimitive?.boolean == false) phone.does(JsonObject(mapOf("do" to JsonPrimitive("disconnect"))))
        }
        scenario.getValue("steps").jsonArray.forEachIndexed { index, step ->
            try {
                step(step.jsonObject)
            } catch (failed: Exception) {
                throw AssertionError("step $index, $step: ${failed.message}", failed)
            }
        }
    } finally {
        phones.values.forEach { it.end() }
        acts.close()
        stage.waitFor()
    }

    private suspend fun step(step: JsonObject) {
        val act = fillIn(JsonObject(step - RESERVED)).jsonObject
        val expected = fillIn(step["expect"] ?: JsonObject(emptyMap())).jsonObject
        val phone = step["phone"]?.jsonPrimitive?.content?.let(phones::getValue)
        val answer = when {
            phone == null -> act(step.text("server"), act)
            act.text("do") == "see" -> see(phone, expected)
            else -> phone.does(act)
        }
        check("error" !in answer || "error" in expected) { "it failed: $answer" }
        misfit(expected, answer)?.let { error("$it in $answer") }
        for ((name, path) in step["save"]?.jsonObject.orEmpty()) saved[name] = part(answer, path.jsonPrimitive.content)
    }

    private suspend fun see(phone: ScenarioPhone, expected: JsonObject): JsonObject {
        val begin = System.nanoTime()
        while (true) {
            val state = phone.state()
            val wrong = misfit(expected, state) ?: return state
            check(System.nanoTime() - begin < PATIENCE) { "never seen: $wrong in $state" }
            delay(25)
        }
    }

    private fun act(server: String, act: JsonObject): JsonObject {
        acts.write("${JsonObject(act + ("server" to JsonPrimitive(server)))}\n")
        acts.flush()
        val said = Json.parseToJsonElement(checkNotNull(answers.readLine()) { "the stage ended" }).jsonObject
        return checkNotNull(said["answer"]?.jsonObject) { said.text("failure") }
    }

    /** The steps of a pairing that is over when a scenario begins. */
    private fun pairing(phone: String, paired: JsonObject): JsonArray = buildJsonArray {
        val (server, user) = paired.text("server") to paired.text("user")
        fun step(who: String, name: String, verb: String, more: JsonObjectBuilder.() -> Unit) =
            addJsonObject { put(who, name); put("do", verb); more() }
        step("server", server, "user") { put("user", user) }
        step("server", server, "koppelcode") { put("user", user); putJsonObject("save") { put("code", "code") } }
        step("phone", phone, "pair") {
            put("door", "koppelcode"); put("host", "$$server"); put("user", user); put("code", "\$code"); put("approvals", paired["approvals"] ?: JsonPrimitive(true))
        }
        step("phone", phone, "accept") { putJsonObject("save") { put("check_number", "check_number") } }
        step("server", server, "confirm") { put("user", user); put("check_number", "\$check_number") }
        step("phone", phone, "see") {
            putJsonObject("expect") { putJsonObject("accounts") { putJsonObject("any") { put("host", "$$server"); put("user", user); put("status", "active") } } }
        }
    }

    private fun fillIn(value: JsonElement): JsonElement = when (value) {
        is JsonObject -> JsonObject(value.mapValues { fillIn(it.value) })
        is JsonArray -> JsonArray(value.map(::fillIn))
        is JsonPrimitive -> when {
            !value.isString || !value.content.startsWith("$") -> value
            value.content.startsWith("$!") -> JsonPrimitive(other(known(value.content.drop(2)).jsonPrimitive.content))
            else -> known(value.content.drop(1))
        }
    }

    private fun known(name: String) = checkNotNull(saved[name]) { "nothing was saved as $name" }

    private fun other(digits: String) = digits.map { if (it == '9') '0' else if (it in '0'..'8') it + 1 else it }.joinToString("")

    private fun part(answer: JsonElement, path: String): JsonElement = path.split('.').fold(answer) { value, step ->
        val part = if (value is JsonArray) value.getOrNull(step.toInt()) else value.jsonObject[step]
        check(part != null && part != JsonNull) { "no $path in $answer" }
        part
    }

    /** What of [actual] is not as expected; null when it fits. */
    private fun misfit(expected: JsonElement, actual: JsonElement): String? {
        val wrong = "expected $expected, not $actual"
        val word = (expected as? JsonObject)?.keys?.singleOrNull()
        return when {
            word == "between" -> {
                val (low, high) = expected.jsonObject.getValue("between").jsonArray.map { it.jsonPrimitive.long }
                wrong.takeUnless { actual is JsonPrimitive && actual != JsonNull && actual.long in low..high }
            }
            word == "any" && actual is JsonArray -> wrong.takeUnless { actual.any { misfit(expected.jsonObject.getValue("any"), it) == null } }
            word == "none" && actual is JsonArray -> wrong.takeIf { actual.any { misfit(expected.jsonObject.getValue("none"), it) == null } }
            expected is JsonObject && actual is JsonObject -> expected.firstNotNullOfOrNull { (name, field) ->
                misfit(field, actual[name] ?: JsonNull)?.let { "$name: $it" }
            }
            expected is JsonArray && actual is JsonArray && expected.size == actual.size ->
                expected.zip(actual).firstNotNullOfOrNull { (wanted, item) -> misfit(wanted, item) }
            else -> wrong.takeUnless { expected == actual }
        }
    }

    private companion object {
        val RESERVED = setOf("phone", "server", "expect", "save", "note")

        /** How long a phone may take to show what must come, in nanoseconds. */
        const val PATIENCE = 75_000_000_000
    }
}
