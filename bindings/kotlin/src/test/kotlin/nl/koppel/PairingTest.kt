package nl.koppel

import java.net.InetAddress
import java.net.ServerSocket
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PairingTest {
    private val server = RealServer.start()

    @AfterAll
    fun stop() = server.close()

    @Test
    fun `a koppelcode leads to an account that can approve`() = story {
        TestPhone().start().use { phone ->
            val account = phone.pairWith(server, "anna")
            val paired = phone.client.state.value.account(account)!!
            assertEquals("De Linden", paired.organisation)
            assertEquals("anna", paired.user)
            assertEquals(server.host, paired.host)
            assertEquals(Approval.READY, paired.approval)
        }
    }

    @Test
    fun `a link from the set-up page pairs too`() = story {
        server.user("bram")
        TestPhone().start().connect().use { phone ->
            val invitation = Invitation.link(server.link("bram"))
            assertEquals(server.host, invitation.host)
            val offer = phone.client.pair(invitation, "telefoon", true)
            assertEquals("De Linden" to "bram", offer.organisation to offer.user)
            val account = offer.accept(phone.signer)
            val accepted = phone.client.state.value.account(account)?.status
            assertTrue(accepted is AccountStatus.AwaitingConfirmation, "it is in the state by now: $accepted")
            server.confirm("bram", phone.checkNumber(account))
            phone.state("active") { it.account(account)?.status == AccountStatus.Active }
        }
    }

    @Test
    fun `name and password pair a phone that shows codes only`() = story {
        server.user("carla")
        TestPhone().start().connect().use { phone ->
            val wrong = fails<KoppelException.InvitationRefused> {
                phone.client.pair(Invitation.login("wrong", server.host, "carla"), "telefoon", false)
            }
            assertTrue(wrong.message!!.isNotBlank())
            val login = Invitation.login(RealServer.PASSWORD, server.host, "carla")
            val account = phone.client.pair(login, "telefoon", approvals = false).accept(signer = null)
            server.confirm("carla", phone.checkNumber(account))
            val active = phone.state("active") { it.account(account)?.status == AccountStatus.Active }
            assertEquals(Approval.CODES_ONLY, active.account(account)!!.approval)
        }
    }

    @Test
    fun `a mistyped koppelcode is said with its place and costs no try`() = story {
        server.user("dirk")
        TestPhone().start().use { phone ->
            val mistyped = fails<KoppelException.InvitationInvalid> {
                phone.client.pair(Invitation.koppelcode("00U0-0000-0", server.host, "dirk"), "telefoon", true)
            }
            assertEquals(3u, mistyped.position)
            assertTrue(phone.client.state.value.accounts.isEmpty())
        }
    }

    @Test
    fun `a person who steps back at the prompt may accept again`() = story {
        server.user("eva")
        TestPhone().start().connect().use { phone ->
            val offer = phone.client.pair(Invitation.koppelcode(server.koppelcode("eva"), server.host, "eva"), "telefoon", true)
            fails<KoppelException.UserCancelled> { offer.accept { throw PlatformException.UserCancelled() } }
            phone.state("offered again") { it.account(offer.account)?.status == AccountStatus.Offered }
            offer.accept(phone.signer)
            assertNotNull(phone.checkNumber(offer.account))
            phone.client.decline(offer.account)
            phone.state("gone") { it.accounts.isEmpty() }
        }
    }

    @Test
    fun `an offer outlives the process, and a declined one leaves no key`() = story {
        server.user("fred")
        val phone = TestPhone().start()
        val offer = phone.client.pair(Invitation.koppelcode(server.koppelcode("fred"), server.host, "fred"), "telefoon", true)
        phone.close()
        phone.start().use {
            val again = phone.state("offered") { it.account(offer.account)?.status == AccountStatus.Offered }
            phone.client.offer(again.accounts.single())!!.decline()
            phone.state("gone") { it.accounts.isEmpty() }
            phone.client.stop()
            assertEquals(listOf("vault/key"), phone.secrets.names())
        }
    }

    @Test
    fun `a check number outlives the process`() = story {
        server.user("greet")
        val phone = TestPhone().start()
        val offer = phone.client.pair(Invitation.koppelcode(server.koppelcode("greet"), server.host, "greet"), "telefoon", true)
        val account = offer.accept(phone.signer)
        val number = phone.checkNumber(account)
        phone.close()
        phone.start().connect().use {
            assertEquals(number, phone.checkNumber(account))
            server.confirm("greet", number)
            phone.state("active") { it.account(account)?.status == AccountStatus.Active }
        }
    }

    @Test
    fun `a pairing that is cancelled is given up`() = story {
        TestPhone().start().use { phone ->
            val nobody = Invitation.koppelcode("0000-0000-0", "127.0.0.1:1", "jan")
            fails<KoppelException.NoConnection> { phone.client.pair(nobody, "telefoon", true) }
            ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { silent ->
                silent.soTimeout = 30_000
                val invitation = Invitation.koppelcode("0000-0000-0", "127.0.0.1:${silent.localPort}", "hans")
                val pairing = launch { runCatching { phone.client.pair(invitation, "telefoon", true) } }
                withContext(Dispatchers.IO) { silent.accept() }.use { pairing.cancelAndJoin() }
            }
            phone.state("gone") { it.accounts.isEmpty() }
            phone.client.stop()
            assertFalse(phone.secrets.names().any { it.startsWith("account/") })
        }
    }

    @Test
    fun `an account is renamed, and removed with its keys`() = story {
        TestPhone().start().use { phone ->
            val account = phone.pairWith(server, "ida")
            phone.client.rename(account, "Werk")
            phone.state("renamed") { it.account(account)?.label == "Werk" }
            fails<KoppelException.InvitationInvalid> { phone.client.rename(account, " ") }
            phone.client.remove(account)
            phone.state("removed") { it.accounts.isEmpty() }
            phone.client.stop()
            assertEquals(listOf("vault/key"), phone.secrets.names())
        }
    }

    @Test
    fun `test my phone goes through every step`() = story {
        TestPhone().start().use { phone ->
            val account = phone.pairWith(server, "joke")
            val test = phone.client.testPhone(account)
            val steps = mutableListOf<TestStep>()
            test.steps.collect { steps += it }
            assertEquals(TestStepKind.entries, steps.map { it.kind })
            assertTrue(steps.all { it.finding == TestFinding.Well }, "$steps")
            assertEquals("T1-SPCLR", test.supportCode)
        }
    }
}
