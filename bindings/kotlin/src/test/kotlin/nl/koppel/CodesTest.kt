package nl.koppel

import java.time.Duration
import java.time.Instant
import java.time.temporal.ChronoUnit
import java.util.Base64
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The codes of other services. */
class CodesTest {
    private fun link(issuer: String, name: String = "jan") =
        "otpauth://totp/$issuer:$name?secret=gezd gnbv gy3t qojq&issuer=$issuer&digits=8".toByteArray()

    private suspend fun labels(phone: TestPhone) = phone.client.codes().first().map { it.label }

    @Test
    fun `codes are kept in the person's order, also after a restart`() = story {
        val phone = TestPhone().start()
        val github = phone.client.addCode(link("GitHub"))
        val mail = phone.client.addCode("Mail", "jan@example.nl", "JBSW Y3DP EHPK 3PXP".toByteArray())
        phone.client.moveCode(mail, 0)
        phone.client.renameCode(github, "Werk")
        phone.close()
        phone.start().use {
            assertEquals(listOf("Mail", "Werk"), labels(phone))
            val before = Instant.now()
            val code = phone.client.codes().first().last()
            assertEquals(listOf(github, "GitHub", "jan", 8), listOf(code.id, code.issuer, code.name, code.digits.length))
            assertEquals(Duration.ofSeconds(30), code.period)
            assertTrue(code.until > before.truncatedTo(ChronoUnit.MILLIS) && code.until <= Instant.now().plusSeconds(30))
            assertFalse(code.digits in "$code" || code.digits in "${phone.client.state.value}")
            phone.client.removeCode(mail)
            assertEquals(listOf("Werk"), labels(phone))
            assertEquals("no-such-code", fails<KoppelException.NotAvailable> { phone.client.removeCode(mail) }.why)
            assertEquals("no-such-code", fails<KoppelException.NotAvailable> { phone.client.moveCode(OtpId("x"), 0) }.why)
            assertEquals("name-invalid", fails<KoppelException.InvitationInvalid> { phone.client.renameCode(github, " ") }.why)
        }
    }

    @Test
    fun `whoever looks is told of every change, until the end`() = story {
        val phone = TestPhone().start()
        val seen = Channel<List<String>>(Channel.UNLIMITED)
        val looking = launch { phone.client.codes().collect { codes -> seen.send(codes.map { it.label }) } }
        suspend fun sees(labels: List<String>) { while (seen.receive() != labels) Unit }
        sees(emptyList())
        val id = phone.client.addCode(link("GitHub"))
        sees(listOf("GitHub"))
        phone.client.renameCode(id, "Werk")
        sees(listOf("Werk"))
        phone.close()
        looking.join()
    }

    @Test
    fun `an export comes over whole, and what gives no codes is named`() = story {
        TestPhone().start().use { phone ->
            val known = phone.client.addCode("otpauth://totp/Example:anna?secret=ONSWG4TFOQ&issuer=Example".toByteArray())
            val export = export(entry("secret", "Example:anna", "Example", 2), entry("other", "bert", "Teller", 1), entry("third", "clara", "", 2))
            val codes = phone.client.addCodes(export)
            assertEquals(listOf("anna" to true, "clara" to false), codes.added.map { it.name to it.known })
            assertEquals(known, codes.added.first().id)
            assertEquals(listOf("Teller" to "otp-counter-based"), codes.refused.map { it.issuer to it.why })
            assertEquals(ExportPart(1u, 2u), codes.part)
            assertEquals(listOf("Example", "clara"), labels(phone))
            assertEquals("otp-several", fails<KoppelException.CodeInvalid> { phone.client.addCode(export) }.why)
            val counter = whole(entry("secret", "bert", "Teller", 1))
            assertEquals("otp-counter-based", fails<KoppelException.CodeInvalid> { phone.client.addCode(counter) }.why)
        }
    }

    @Test
    fun `what gives no codes is said and not kept`() = story {
        TestPhone().start().use { phone ->
            for ((uri, why) in listOf(
                "" to "otp-link-invalid",
                "https://example.org" to "otp-link-invalid",
                "otpauth://hotp/x?secret=GEZDGNBV" to "otp-counter-based",
                "otpauth://totp/x" to "otp-secret-missing",
                "otpauth://totp/x?secret=GEZD&digits=10" to "otp-digits-unknown",
                "otpauth-migration://offline?data=CjEK" to "otp-export-damaged",
                "x".repeat(1 shl 20) to "otp-link-too-long",
            )) assertEquals(why, fails<KoppelException.CodeInvalid> { phone.client.addCodes(uri.toByteArray()) }.why, uri.take(60))
            assertEquals("otp-link-invalid", fails<KoppelException.CodeInvalid> { phone.client.addCode(byteArrayOf(-1)) }.why)
            val mistyped = fails<KoppelException.CodeInvalid> { phone.client.addCode("Bank", "", "GEZD 0NBV".toByteArray()) }
            assertEquals(5u, mistyped.position)
            assertEquals(emptyList<String>(), labels(phone))
        }
    }

    private fun bytes(field: Int, value: ByteArray) = byteArrayOf((field shl 3 or 2).toByte(), value.size.toByte()) + value

    private fun number(field: Int, value: Int) = byteArrayOf((field shl 3).toByte(), value.toByte())

    private fun entry(secret: String, name: String, issuer: String, kind: Int): ByteArray {
        val texts = bytes(1, secret.toByteArray()) + bytes(2, name.toByteArray()) + bytes(3, issuer.toByteArray())
        return bytes(1, texts + number(4, 1) + number(5, 1) + number(6, kind))
    }

    /** The first of two parts. */
    private fun export(vararg entries: ByteArray) = whole(entries.reduce(ByteArray::plus) + number(2, 1) + number(3, 2))

    /** An export in one part. */
    private fun whole(payload: ByteArray) =
        "otpauth-migration://offline?data=${Base64.getUrlEncoder().encodeToString(payload)}".toByteArray()
}
