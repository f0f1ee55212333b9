package nl.koppel

import java.time.Duration
import java.time.Instant
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChallengeTest {
    private val server = RealServer.start()

    /** A prompt that somebody leaves open. */
    private class OpenPrompt : ApprovalSigner {
        private val opened = CompletableDeferred<Unit>()

        suspend fun opened() = opened.await()

        override suspend fun sign(request: SigningRequest): ByteArray {
            opened.complete(Unit)
            awaitCancellation()
        }
    }

    @AfterAll
    fun stop() = server.close()

    @Test
    fun `a code is shown on its own screen and opens the login`() = story {
        TestPhone().start().use { phone ->
            phone.pairWith(server, "anna")
            val login = server.challenge("anna", "code")
            val challenge = phone.challenge()
            assertEquals(ChallengeKind.Code, challenge.kind)
            assertEquals("Klantpaneel", challenge.relyingParty)
            assertEquals("192.0.2.7", challenge.ip)
            val left = Duration.between(Instant.now(), challenge.expiresAt)
            assertTrue(left > Duration.ofSeconds(30) && left < Duration.ofMinutes(10), "$left")
            val content = phone.client.show(challenge.id) as ChallengeContent.Code
            assertFalse(phone.client.state.value.toString().contains(content.digits))
            assertFalse(content.toString().contains(content.digits))
            assertEquals("login", server.check(login, content.digits).text("purpose"))
            phone.state("over") { state -> state.challenges.isEmpty() && state.ended.any { it.id == challenge.id } }
        }
    }

    @Test
    fun `the number from the browser approves`() = story {
        TestPhone().start().use { phone ->
            phone.pairWith(server, "bram")
            val login = server.challenge("bram", "number")
            val challenge = phone.challenge()
            assertEquals(ChallengeContent.Number, phone.client.show(challenge.id))
            var title = ""
            val signer = ApprovalSigner { request -> title = request.title; phone.signer.sign(request) }
            assertEquals(Outcome.Approved, phone.client.approve(challenge.id, login.number, signer))
            assertEquals("Klantpaneel", title)
            assertEquals("device_signature", server.consume(login).text("evidence"))
        }
    }

    @Test
    fun `a wrong number costs a try and no number is asked for first`() = story {
        TestPhone().start().use { phone ->
            phone.pairWith(server, "carla")
            val login = server.challenge("carla", "number")
            val id = phone.challenge().id
            val needed = fails<KoppelException.NotAvailable> { phone.client.approve(id, null, phone.signer) }
            assertEquals("number-needed", needed.why)
            val wrong = login.number!!.map { if (it == '9') '0' else it + 1 }.joinToString("")
            assertTrue(phone.client.approve(id, wrong, phone.signer) is Outcome.WrongNumber)
            assertFalse(server.stateOf(login) == "approved")
        }
    }

    @Test
    fun `no is no, and a report locks the account until it is lifted`() = story {
        TestPhone().start().use { phone ->
            val account = phone.pairWith(server, "dirk")
            val denied = server.challenge("dirk", "number")
            assertEquals(Outcome.Denied, phone.client.deny(phone.challenge().id, DenyReason.MISTAKE))
            assertEquals("denied", server.stateOf(denied))
            phone.state("over") { it.challenges.isEmpty() }
            val reported = server.challenge("dirk", "number")
            assertEquals(Outcome.Reported, phone.client.deny(phone.challenge().id, DenyReason.NOT_ME))
            assertEquals("fraud", server.stateOf(reported))
            phone.state("locked") { it.account(account)!!.locked }
            phone.client.liftLock(account)
            val unlock = phone.state("an unlock") { state -> state.challenges.any { it.kind == ChallengeKind.Unlock } }.challenges.single()
            assertEquals(ChallengeContent.Unlock, phone.client.show(unlock.id))
            assertEquals(Outcome.Approved, phone.client.approve(unlock.id, null, phone.signer))
            phone.state("open again") { !it.account(account)!!.locked }
        }
    }

    @Test
    fun `another phone of the user is told, confirmed by the first, and the notice is dismissed`() = story {
        TestPhone().start().use { old ->
            val first = old.pairWith(server, "lies")
            TestPhone().start().connect().use { new ->
                val code = Invitation.koppelcode(server.koppelcode("lies"), server.host, "lies")
                val account = new.client.pair(code, "nieuwe telefoon", true).accept(new.signer)
                val question = old.state("a question") { state -> state.challenges.any { it.kind is ChallengeKind.ConfirmPairing } }.challenges.single()
                assertEquals(ChallengeContent.ConfirmPairing("nieuwe telefoon"), old.client.show(question.id))
                assertEquals(Outcome.Approved, old.client.approve(question.id, new.checkNumber(account), old.signer))
                new.state("active") { it.account(account)?.status == AccountStatus.Active }
                val notice = old.state("a notice") { it.notices.isNotEmpty() }.notices.first()
                assertEquals(NoticeKind.DEVICE_ADDED to first, notice.kind to notice.account)
                old.client.dismiss(notice.id)
                old.state("dismissed") { state -> state.notices.none { it.id == notice.id } }
                assertEquals("no-such-notice", fails<KoppelException.NotAvailable> { old.client.dismiss(notice.id) }.why)
            }
        }
    }

    @Test
    fun `a person who steps back may approve after all`() = story {
        TestPhone().start().use { phone ->
            phone.pairWith(server, "eva")
            val login = server.challenge("eva", "number")
            val id = phone.challenge().id
            fails<KoppelException.UserCancelled> { phone.client.approve(id, login.number) { throw PlatformException.UserCancelled() } }
            fails<KoppelException.NotAvailable> { phone.client.approve(id, login.number) { error("the prompt broke") } }
            val prompt = OpenPrompt()
            val approving = launch { phone.client.approve(id, login.number, prompt) }
            prompt.opened()
            approving.cancelAndJoin()
            assertEquals(Outcome.Approved, phone.client.approve(id, login.number, phone.signer))
        }
    }

    @Test
    fun `a prompt that is taken away after the end is no error`() = story {
        val phone = TestPhone().start()
        phone.pairWith(server, "mies")
        val login = server.challenge("mies", "number")
        val id = phone.challenge().id
        val prompt = OpenPrompt()
        val approving = async { runCatching { phone.client.approve(id, login.number, prompt) } }
        prompt.opened()
        phone.close()
        approving.cancelAndJoin()
    }

    @Test
    fun `a signature that does not fit approves nothing`() = story {
        TestPhone().start().use { phone ->
            phone.pairWith(server, "fred")
            val login = server.challenge("fred", "number")
            val id = phone.challenge().id
            for (nonsense in listOf(ByteArray(0), ByteArray(64), ByteArray(70) { 1 })) {
                val refused = fails<KoppelException.Internal> { phone.client.approve(id, login.number) { nonsense } }
                assertEquals("signature-invalid", refused.reference)
            }
            assertEquals(Outcome.Approved, phone.client.approve(id, login.number, phone.signer))
        }
    }

    @Test
    fun `an older request to sign is expired once a newer one was begun`() = story {
        TestPhone().start().use { phone ->
            phone.pairWith(server, "greet")
            val login = server.challenge("greet", "number")
            val id = phone.challenge().id
            val (asked, late) = CompletableDeferred<Unit>() to CompletableDeferred<Unit>()
            val first = async { phone.client.approve(id, login.number) { request -> asked.complete(Unit); late.await(); phone.signer.sign(request) } }
            asked.await()
            assertEquals(Outcome.Approved, phone.client.approve(id, login.number, phone.signer))
            late.complete(Unit)
            assertEquals(Outcome.Expired, first.await())
        }
    }

    @Test
    fun `a key that is gone is remembered, and codes still work`() = story {
        TestPhone().start().use { phone ->
            val account = phone.pairWith(server, "hans")
            val login = server.challenge("hans", "number")
            fails<KoppelException.KeyInvalidated> {
                phone.client.approve(phone.challenge().id, login.number) { throw PlatformException.KeyInvalidated() }
            }
            phone.state("key gone") { it.account(account)!!.approval == Approval.KEY_INVALIDATED }
            phone.client.deny(phone.challenge().id, DenyReason.MISTAKE)
            phone.state("over") { it.challenges.isEmpty() }
            val code = server.challenge("hans", "code")
            server.check(code, (phone.client.show(phone.challenge().id) as ChallengeContent.Code).digits)
        }
    }

    @Test
    fun `an answer without a network is queued and sent later`() = story {
        val own = RealServer.start()
        TestPhone().start().use { phone ->
            phone.pairWith(own, "ida")
            val login = own.challenge("ida", "number")
            val id = phone.challenge().id
            own.kill()
            assertEquals(Outcome.Queued, phone.client.deny(id, DenyReason.MISTAKE))
            phone.close()
            own.restart()
            phone.start().connect()
            phone.state("over") { state -> state.ended.any { it.id == id } }
            assertEquals("denied", own.stateOf(login))
            own.close()
        }
    }

    @Test
    fun `what is not for this phone is received without a word`() = story {
        TestPhone().start().use { phone ->
            phone.pairWith(server, "joke")
            assertEquals(null, phone.client.receive(ByteArray(0), Alert.SHOWN))
            assertEquals(null, phone.client.receive(ByteArray(2150) { 4 }, Alert.SHOWN))
            phone.client.refresh()
        }
    }

    @Test
    fun `a challenge that is over is said as such`() = story {
        TestPhone().start().use { phone ->
            phone.pairWith(server, "kees")
            val id = ChallengeId("${phone.client.state.value.accounts.single().id.text}/ch_aaaaaaaaaaaaaaaaaaaaaaaaaa")
            for (nobody in listOf(id, ChallengeId(""), ChallengeId("x/y"))) {
                assertEquals("no-such-challenge", fails<KoppelException.NotAvailable> { phone.client.show(nobody) }.why)
                assertEquals("no-such-challenge", fails<KoppelException.NotAvailable> { phone.client.deny(nobody, DenyReason.MISTAKE) }.why)
                assertEquals("no-such-challenge", fails<KoppelException.NotAvailable> { phone.client.approve(nobody, "123456", phone.signer) }.why)
            }
        }
    }
}
