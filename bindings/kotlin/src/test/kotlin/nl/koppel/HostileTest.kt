package nl.koppel

import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import nl.koppel.jvm.JvmKeys
import nl.koppel.jvm.MemorySecrets
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance

/** Whatever an app's stores do: no dead-lock, no lost decision, nothing across the border but a typed error. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileTest {
    private val server = RealServer.start()
    private val users = AtomicInteger()

    @AfterAll
    fun stop() = server.close()

    private fun user() = "user${users.incrementAndGet()}"

    /** Stores that do something else first, by the name of the call. */
    private class Hostile(val instead: ConcurrentHashMap<String, () -> Unit> = ConcurrentHashMap()) {
        private val inner = MemorySecrets()
        private val innerKeys = JvmKeys(inner)
        val calls = ConcurrentHashMap<String, AtomicInteger>()

        private fun <T> at(name: String, call: () -> T): T {
            calls.computeIfAbsent(name) { AtomicInteger() }.incrementAndGet()
            instead[name]?.invoke()
            return call()
        }

        val secrets = object : SecretStore {
            override fun get(name: String) = at("get") { inner.get(name) }
            override fun set(name: String, secret: ByteArray) = at("set") { inner.set(name, secret) }
            override fun delete(name: String) = at("delete") { inner.delete(name) }
            override fun names() = at("names") { inner.names() }
        }
        val keys = object : DeviceKeys {
            override fun make(alias: String, purpose: KeyPurpose) = at("make-$purpose") { innerKeys.make(alias, purpose) }
            override fun sign(alias: String, payload: ByteArray) = at("sign") { innerKeys.sign(alias, payload) }
            override fun delete(alias: String) = at("delete-key") { innerKeys.delete(alias) }
            override fun aliases() = at("aliases") { innerKeys.aliases() }
        }

        fun phone() = TestPhone(secrets, keys)
        val signer get() = JvmKeys(inner).signer { true }
    }

    private val errors = listOf(
        { PlatformException.Locked() },
        { PlatformException.NotAvailable("no screen lock") },
        { PlatformException.KeyInvalidated() },
        { PlatformException.UserCancelled() },
        { PlatformException.Failed("defect") },
        { IllegalStateException("canary-message") },
        { StackOverflowError() },
        { AssertionError("canary-message") },
    )

    @Test
    fun `each error at each call of the start is typed, and the next start is well`() = story {
        for (call in listOf("get", "set", "names", "aliases")) {
            for (error in errors) {
                val hostile = Hostile()
                hostile.instead[call] = { throw error() }
                val phone = hostile.phone()
                val failed = fails<KoppelException> { phone.start() }
                assertTrue(failed.message!!.isNotBlank() && "canary" !in failed.message!!, "$call: ${failed.message}")
                hostile.instead.clear()
                phone.start().close()
            }
        }
    }

    @Test
    fun `a locked store is never read as an empty one`() = story {
        val hostile = Hostile()
        val phone = hostile.phone().start()
        val account = phone.let { server.user("locked"); it.client.pair(Invitation.koppelcode(server.koppelcode("locked"), server.host, "locked"), "telefoon", true) }.account
        phone.close()
        hostile.instead["get"] = { throw PlatformException.Locked() }
        repeat(3) { fails<KoppelException.Locked> { phone.start() } }
        hostile.instead.clear()
        phone.start().use { assertEquals(account, phone.client.state.value.accounts.single().id) }
    }

    @Test
    fun `each error while keys are made ends the pairing in words`() = story {
        for (call in listOf("make-ID", "make-APPROVE", "set")) {
            for (error in errors) {
                val hostile = Hostile()
                val name = user()
                server.user(name)
                hostile.phone().start().use { phone ->
                    hostile.instead[call] = { throw error() }
                    val failed = fails<KoppelException.NotAvailable> {
                        phone.client.pair(Invitation.koppelcode(server.koppelcode(name), server.host, name), "telefoon", true)
                    }
                    assertEquals("keys-unavailable", failed.why, "$call")
                    hostile.instead.clear()
                    phone.state("gone") { it.accounts.isEmpty() }
                }
            }
        }
    }

    @Test
    fun `an id key that does not sign while pairing brings the offer back`() = story {
        val hostile = Hostile()
        val name = user()
        server.user(name)
        hostile.phone().start().use { phone ->
            val offer = phone.client.pair(Invitation.koppelcode(server.koppelcode(name), server.host, name), "telefoon", false)
            for (error in errors) {
                hostile.instead["sign"] = { throw error() }
                fails<KoppelException> { offer.accept(null) }
            }
            hostile.instead.clear()
            offer.accept(null)
            phone.checkNumber(offer.account)
        }
    }

    @Test
    fun `a decision is not lost to keys that fail for a while`() = story {
        val hostile = Hostile()
        hostile.phone().start().use { phone ->
            val name = user()
            phone.pairWith(server, name)
            for (error in errors) {
                val login = server.challenge(name, "number")
                val id = phone.challenge().id
                hostile.instead["sign"] = { throw error() }
                fails<KoppelException> { phone.client.deny(id, DenyReason.MISTAKE) }
                hostile.instead.clear()
                assertEquals(Outcome.Denied, phone.client.deny(id, DenyReason.MISTAKE))
                assertEquals("denied", server.stateOf(login))
                phone.state("over") { it.challenges.isEmpty() }
            }
        }
    }

    @Test
    fun `slow stores hold nothing up but themselves`() = story {
        val hostile = Hostile()
        hostile.phone().start().use { phone ->
            val name = user()
            val account = phone.pairWith(server, name)
            hostile.instead["sign"] = { Thread.sleep(1_500) }
            val login = server.challenge(name, "code")
            val denied = async { runCatching { phone.client.deny(phone.challenge().id, DenyReason.MISTAKE) } }
            withTimeout(1_000) {
                phone.client.rename(account, "traag")
                phone.state("renamed") { it.account(account)?.label == "traag" }
            }
            assertEquals(Outcome.Denied, denied.await().getOrThrow())
            assertEquals("denied", server.stateOf(login))
        }
    }

    @Test
    fun `stores may call the companion back and wait for it`() = story {
        val hostile = Hostile()
        val phone = hostile.phone().start()
        val back = AtomicInteger()
        val again: () -> Unit = {
            runBlocking {
                withTimeout(5_000) {
                    phone.client.refresh()
                    phone.client.state.value
                    runCatching { phone.client.show(ChallengeId("nobody")) }
                    back.incrementAndGet()
                }
            }
        }
        for (call in listOf("get", "set", "delete", "names", "make-ID", "make-APPROVE", "sign", "delete-key", "aliases")) hostile.instead[call] = again
        phone.use {
            val name = user()
            val account = phone.pairWith(server, name)
            val login = server.challenge(name, "number")
            assertEquals(Outcome.Approved, phone.client.approve(phone.challenge().id, login.number, hostile.signer))
            phone.client.remove(account)
            phone.state("removed") { it.accounts.isEmpty() }
        }
        assertTrue(back.get() > 5, "called back ${back.get()} times")
    }

    @Test
    fun `of many approvals at once exactly one counts`() = story {
        TestPhone().start().use { phone ->
            val name = user()
            phone.pairWith(server, name)
            val login = server.challenge(name, "number")
            val id = phone.challenge().id
            val outcomes = (1..16).map { async(Dispatchers.IO) { runCatching { phone.client.approve(id, login.number, phone.signer) } } }.awaitAll()
            // Each takes the place of the one before, until one is on its way: that one stands. What the server is asked too often is asked later.
            val (approved, others) = outcomes.partition { it.getOrNull() == Outcome.Approved }
            assertEquals(1, approved.size, "$outcomes")
            for (other in others) {
                val why = (other.exceptionOrNull() as? KoppelException.NotAvailable)?.why
                assertTrue(other.getOrNull() == Outcome.Expired || why in setOf("already-answered", "no-such-challenge"), "$outcomes")
            }
            val noise = (1..64).map {
                launch(Dispatchers.IO) {
                    phone.client.refresh()
                    runCatching { phone.client.show(id) }
                }
            }
            noise.forEach { it.join() }
            assertEquals("approved", server.stateOf(login))
        }
    }
}
