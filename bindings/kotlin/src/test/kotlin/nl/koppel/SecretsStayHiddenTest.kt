package nl.koppel

import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.readText
import nl.koppel.jvm.MemorySecrets
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** No exported type prints a secret. */
class SecretsStayHiddenTest {
    private val source = Path.of(System.getProperty("koppel.generated"), "nl/koppel/koppel_ffi.kt").readText()

    /** What holds something to be hidden, by the names of its fields. */
    private val hiding = listOf("uri", "code", "password", "ascii", "nextAscii", "payload", "secret", "envelope", "item", "signature")

    @Test
    fun `what hides something crosses as bytes, which nothing prints`() {
        val fields = Regex("""val `(\w+)`: ([\w.?<>]+)""").findAll(source).map { it.groupValues[1] to it.groupValues[2] }.toList()
        assertTrue(fields.size > 60, "the source is written in another way: ${fields.size} fields")
        for ((name, type) in fields.filter { (name, _) -> name in hiding }) assertEquals("kotlin.ByteArray", type, name)
        // And whatever is bytes is one of those, so that a new one is looked at.
        val known = hiding + listOf("publicKey", "extraRoots")
        for ((name, _) in fields.filter { (_, type) -> "ByteArray" in type }) assertTrue(name in known, "is `$name` to be hidden?")
    }

    @Test
    fun `nothing that hides something says it`() {
        val canary = "canary-7f3a"
        val bytes = canary.toByteArray()
        val request = SigningRequest(
            "alias", bytes, "De Linden", java.time.Instant.EPOCH, AccountId("ac"), null, 1u, 2u,
        )
        val said = listOf(
            Invitation.link(canary),
            Invitation.koppelcode(canary, "example.org", "jan"),
            Invitation.login(canary, "example.org", "jan"),
            ChallengeContent.Code(bytes),
            OtpCode(OtpId("ot"), "GitHub", "GitHub", "jan", bytes, bytes, java.time.Duration.ofSeconds(30), java.time.Instant.EPOCH),
            request,
            ApprovalStep.Sign(request),
            MemorySecrets().apply { set("seal", bytes) },
            Platform(MemorySecrets(), nl.koppel.jvm.JvmKeys(MemorySecrets()), DeviceKind.ANDROID),
        ).map { "$it" }
        for (text in said) {
            assertFalse(canary in text || bytes.take(4).joinToString(", ") in text, text)
        }
        val refused = runCatching { Invitation.link(canary).host }.exceptionOrNull()!!
        assertFalse(canary in refused.stackTraceToString())
        val notKept = fails<KoppelException.CodeInvalid> {
            TestPhone().use { it.start().client.addCode("otpauth://totp/x?secret=${canary}1".toByteArray()) }
        }
        assertFalse(canary in notKept.stackTraceToString())
    }

    @Test
    fun `one generated source serves JVM and Android`() {
        assertFalse("android." in source)
        assertEquals(1, Files.walk(Path.of(System.getProperty("koppel.generated"))).use { files -> files.filter { "$it".endsWith(".kt") }.count() })
    }
}
