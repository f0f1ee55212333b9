package nl.koppel

import java.nio.file.Files
import java.nio.file.Path
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import nl.koppel.jvm.JvmKeys
import nl.koppel.jvm.MemorySecrets
import org.junit.jupiter.api.Assertions.assertThrows

/** A phone with everything in memory but its vault. Killed and started again it is the same phone. */
class TestPhone(
    val secrets: SecretStore = MemorySecrets(),
    val keys: DeviceKeys = JvmKeys(secrets),
    private val kind: DeviceKind = DeviceKind.ANDROID,
    val folder: Path = Files.createTempDirectory("koppel-phone"),
) : AutoCloseable {
    private val scope = CoroutineScope(Dispatchers.Default)
    private var online: Job? = null
    lateinit var client: KoppelClient
        private set

    suspend fun start(): TestPhone = apply { client = KoppelClient.open(folder, Platform(secrets, keys, kind)) }

    fun connect() = apply {
        online = scope.launch {
            try {
                client.stayConnected()
            } catch (_: KoppelException.Stopped) {
                // The test closed it.
            }
        }
    }

    fun disconnect() = online?.cancel()

    /** Agrees to everything. */
    val signer: ApprovalSigner get() = JvmKeys(secrets).signer { true }

    /** Pairs by koppelcode and lets the desk confirm; connected afterwards. */
    suspend fun pairWith(server: RealServer, user: String, approvals: Boolean = true): AccountId {
        server.user(user)
        connect()
        val offer = client.pair(Invitation.koppelcode(server.koppelcode(user), server.host, user), "telefoon van $user", approvals)
        val account = offer.accept(signer)
        server.confirm(user, checkNumber(account))
        state("active") { it.account(account)?.status == AccountStatus.Active }
        return account
    }

    suspend fun checkNumber(account: AccountId): String {
        val waiting = state("a check number") { it.account(account)?.status is AccountStatus.AwaitingConfirmation }
        return (waiting.account(account)!!.status as AccountStatus.AwaitingConfirmation).checkNumber
    }

    /** The first live challenge. */
    suspend fun challenge(): Challenge = state("a challenge") { it.challenges.isNotEmpty() }.challenges.first()

    /** The state in which something holds. */
    suspend fun state(what: String, holds: (KoppelState) -> Boolean): KoppelState = try {
        withTimeout(30_000) { client.state.first(holds) }
    } catch (late: kotlinx.coroutines.TimeoutCancellationException) {
        throw AssertionError("never $what: ${client.state.value}", late)
    }

    override fun close() {
        disconnect()
        client.close()
    }
}

/** Runs a test that may take half a minute. */
fun story(block: suspend CoroutineScope.() -> Unit) = runBlocking { withTimeout(120_000, block) }

/** The error of this kind that a call ends in. */
inline fun <reified E : Throwable> fails(crossinline call: suspend () -> Unit): E = assertThrows(E::class.java) { runBlocking { call() } }
