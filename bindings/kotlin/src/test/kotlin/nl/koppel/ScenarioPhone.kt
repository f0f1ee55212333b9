package nl.koppel

import java.nio.file.Files
import java.nio.file.NoSuchFileException
import java.nio.file.Path
import java.time.Duration
import java.time.Instant
import java.util.Base64
import java.util.concurrent.ConcurrentHashMap
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.launch
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.addJsonObject
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray
import nl.koppel.jvm.JvmKeys

/**
 * A phone of a scenario: `nl.koppel` with keys and secrets in memory, its clock ahead by so many seconds, and a person who does what the script
 * says.
 */
class ScenarioPhone(private val scope: CoroutineScope, private val clockAheadSeconds: Long) {
    private var folder: Path = Files.createTempDirectory("koppel-scenario")
    private var secrets = ScriptedSecrets()
    private var keys = JvmKeys(secrets)
    private var client: KoppelClient? = null
    private var online: Job? = null
    private val begun = mutableListOf<Job>()

    /** Does something; what comes of it, with `error` where it failed. */
    suspend fun does(act: JsonObject): JsonObject = try {
        verb(act)
    } catch (failed: KoppelException) {
        error(failed)
    }

    private suspend fun verb(act: JsonObject): JsonObject {
        when (val verb = act.text("do")) {
            "open" -> open(act.flag("connected"))
            "close" -> {
                val closing = opened()
                letGo()
                closing.stop()
            }
            "kill" -> kill()
            "connect" -> connect()
            "disconnect" -> online?.cancel()
            "secrets" -> secrets.become(act.text("are"))
            "start_afresh" -> KoppelClient.startAfresh(folder, platform())
            "refresh" -> opened().refresh()
            "pair" -> return pair(act)
            "accept" -> return accept(act)
            "decline" -> opened().decline(newest().id)
            "show" -> return content(opened().show(challenge(act)))
            "approve" -> return approve(act)
            "deny" -> {
                val reason = if (act.text("reason") == "not_me") DenyReason.NOT_ME else DenyReason.MISTAKE
                return outcome(opened().deny(challenge(act), reason))
            }
            "unlock" -> opened().liftLock(account(act))
            "receive" -> {
                val live = opened().receive(Base64.getUrlDecoder().decode(act.text("envelope")), Alert.SHOWN)
                return buildJsonObject { put("challenge", live?.text?.substringAfter('/')) }
            }
            "rename" -> opened().rename(account(act), act.text("label"))
            "remove" -> opened().remove(account(act))
            "dismiss" -> opened().dismiss(opened().state.value.notices.first().id)
            else -> throw IllegalArgumentException("a phone does not $verb")
        }
        return JsonObject(emptyMap())
    }

    suspend fun open(connected: Boolean) {
        client = KoppelClient.open(folder, platform())
        if (connected) connect()
    }

    private fun connect() {
        val client = opened()
        online = scope.launch {
            try {
                client.stayConnected()
            } catch (_: KoppelException.Stopped) {
                // Closed, or killed.
            }
        }
    }

    /**
     * The app goes on from what lay in its folder and its secret store at this moment. The old process cannot be taken out of this one: it
     * is ended on copies that nobody reads any more.
     */
    private suspend fun kill() {
        val copy = Files.createTempDirectory("koppel-scenario")
        Files.list(folder).use { files -> files.forEach { keep(it, copy) } }
        val killed = opened()
        folder = copy
        secrets = secrets.copy()
        keys = JvmKeys(secrets)
        letGo()
        killed.stop()
    }

    /** A file that was replaced meanwhile lies there under its own name. */
    private fun keep(file: Path, copy: Path) {
        try {
            Files.copy(file, copy.resolve(file.fileName))
        } catch (gone: NoSuchFileException) {
            check(file.toString().endsWith(".new")) { "$gone" }
        }
    }

    private fun letGo() {
        online?.cancel()
        begun.forEach { it.cancel() }
        begun.clear()
        client = null
    }

    suspend fun end() {
        val last = client ?: return
        letGo()
        last.stop()
    }

    private suspend fun pair(act: JsonObject): JsonObject {
        val invitation = when (val door = act.text("door")) {
            "link" -> Invitation.link(act.text("link"))
            "koppelcode" -> Invitation.koppelcode(act.text("code"), act.text("host"), act.text("user"))
            "login" -> Invitation.login(act.text("password"), act.text("host"), act.text("user"))
            else -> throw IllegalArgumentException("no door $door")
        }
        val client = opened()
        if (!act.flag("waits")) return meanwhile { client.pair(invitation, "telefoon", act.flag("approvals")) }
        val offer = client.pair(invitation, "telefoon", act.flag("approvals"))
        return buildJsonObject {
            put("organisation", offer.organisation)
            put("user", offer.user)
            put("host", offer.host)
        }
    }

    private suspend fun accept(act: JsonObject): JsonObject {
        val client = opened()
        val offer = client.offer(newest()) ?: throw IllegalStateException("no offer: ${newest()}")
        val prompted = CompletableDeferred<Unit>()
        val signer = signer(act, prompted)
        if (act.text("prompt", "agrees") == "stays_open") return meanwhile { offer.accept(signer) }.also { prompted.await() }
        if (!act.flag("waits")) return meanwhile { offer.accept(signer) }
        val accepted = offer.accept(signer)
        val status = client.state.value.account(accepted)?.status as? AccountStatus.AwaitingConfirmation
        return buildJsonObject { put("check_number", status?.checkNumber) }
    }

    private suspend fun approve(act: JsonObject): JsonObject {
        val (client, id, number) = Triple(opened(), challenge(act), act["number"]?.jsonPrimitive?.contentOrNull)
        val prompted = CompletableDeferred<Unit>()
        val signer = signer(act, prompted)
        if (act.text("prompt", "agrees") == "stays_open") return meanwhile { client.approve(id, number, signer) }.also { prompted.await() }
        return outcome(client.approve(id, number, signer))
    }

    private fun signer(act: JsonObject, prompted: CompletableDeferred<Unit>) = ApprovalSigner { request ->
        prompted.complete(Unit)
        when (val prompt = act.text("prompt", "agrees")) {
            "agrees" -> keys.signer { true }.sign(request)
            "cancels" -> throw PlatformException.UserCancelled()
            "key_gone" -> throw PlatformException.KeyInvalidated()
            "fails" -> throw IllegalStateException("too many wrong fingers")
            "stays_open" -> awaitCancellation()
            else -> throw IllegalArgumentException("no prompt $prompt")
        }
    }

    private fun meanwhile(what: suspend () -> Any): JsonObject {
        begun += scope.launch {
            try {
                what()
            } catch (_: KoppelException) {
                // Nobody waits for it.
            }
        }
        return JsonObject(emptyMap())
    }

    private fun opened() = checkNotNull(client) { "the app is not open" }

    private fun platform() =
        Platform(secrets, keys, DeviceKind.ANDROID).also { it.clockAheadSeconds = clockAheadSeconds }

    private fun account(act: JsonObject): AccountId = opened().state.value.accounts[act["account"]?.jsonPrimitive?.int ?: 0].id

    private fun newest(): Account = opened().state.value.accounts.last()

    private fun challenge(act: JsonObject): ChallengeId {
        val state = opened().state.value
        val named = act["challenge"]?.jsonPrimitive?.contentOrNull ?: return state.challenges.first().id
        val known = state.challenges.map { it.id } + state.ended.map { it.id }
        return known.find { it.text.endsWith("/$named") } ?: ChallengeId("${state.accounts.first().id.text}/$named")
    }

    // ── in the words of the scenarios ────────────────────────────────────────────────────────────────────────────────────

    fun state(): JsonObject {
        val state = opened().state.value
        return buildJsonObject {
            putJsonArray("accounts") { state.accounts.forEach { add(account(it)) } }
            putJsonArray("challenges") { state.challenges.forEach { add(challenge(it)) } }
            putJsonArray("ended") { state.ended.forEach { addJsonObject { put("id", it.id.text.substringAfter('/')); put("how", it.how.name.lowercase()) } } }
            putJsonArray("notices") { state.notices.forEach { addJsonObject { put("kind", it.kind.name.lowercase()); put("detail", it.detail) } } }
        }
    }

    private fun account(account: Account) = buildJsonObject {
        put("label", account.label)
        put("organisation", account.organisation)
        put("user", account.user)
        put("host", account.host)
        put("status", word(account.status))
        val waiting = account.status as? AccountStatus.AwaitingConfirmation
        put("check_number", waiting?.checkNumber)
        put("tries_left", waiting?.triesLeft?.toInt())
        put("approval", account.approval.name.lowercase())
        put("locked", account.locked)
        put("connection", account.connection.name.lowercase())
        put("clock_behind_s", account.clockSkewSeconds)
    }

    private fun challenge(challenge: Challenge) = buildJsonObject {
        put("id", challenge.id.text.substringAfter('/'))
        put("seq", challenge.seq.toInt())
        put("kind", word(challenge.kind))
        put("device", (challenge.kind as? ChallengeKind.ConfirmPairing)?.name)
        put("organisation", challenge.organisation)
        put("relying_party", challenge.relyingParty)
        put("user", challenge.user)
        put("purpose", challenge.purpose.name.lowercase())
        put("ip", challenge.ip)
        put("waiting", challenge.waiting.toInt())
        put("can_approve", challenge.canApprove)
        put("answered", challenge.answered)
        put("seconds_left", Duration.between(Instant.now(), challenge.expiresAt).seconds)
    }

    private fun content(content: ChallengeContent) = buildJsonObject {
        put("content", word(content))
        if (content is ChallengeContent.Code) put("code", content.digits)
        if (content is ChallengeContent.ConfirmPairing) put("device", content.name)
    }

    private fun outcome(outcome: Outcome) = buildJsonObject {
        put("outcome", word(outcome))
        if (outcome is Outcome.WrongNumber) put("left", outcome.left.toInt())
    }

    private fun error(failed: KoppelException) = buildJsonObject {
        put("error", word(failed))
        if (failed !is KoppelException.NoConnection && failed !is KoppelException.Internal) put("why", failed.why)
    }

    /** The class, as the scenarios spell it. */
    private fun word(of: Any): String = of.javaClass.simpleName.replace(Regex("(?<=[a-z])[A-Z]")) { "_${it.value}" }.lowercase()
}

/** Secrets in memory that can be locked and lost. */
private class ScriptedSecrets(private val kept: ConcurrentHashMap<String, ByteArray> = ConcurrentHashMap()) : SecretStore {
    @Volatile private var locked = false

    fun become(are: String) {
        locked = are == "locked"
        if (are == "gone") kept.clear()
    }

    fun copy() = ScriptedSecrets(ConcurrentHashMap(kept))

    private fun unlocked() = if (locked) throw PlatformException.Locked() else kept

    override fun get(name: String): ByteArray? = unlocked()[name]?.copyOf()

    override fun set(name: String, secret: ByteArray) {
        unlocked()[name] = secret.copyOf()
    }

    override fun delete(name: String) {
        unlocked().remove(name)
    }

    override fun names(): List<String> = unlocked().keys.sorted()
}

private fun JsonObject.text(field: String, otherwise: String): String = this[field]?.jsonPrimitive?.contentOrNull ?: otherwise

/** Flags are set unless a script says otherwise. */
private fun JsonObject.flag(field: String): Boolean = this[field]?.jsonPrimitive?.boolean ?: true
