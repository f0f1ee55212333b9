package nl.koppel

import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.async
import nl.koppel.jvm.JvmKeys
import nl.koppel.jvm.MemorySecrets
import nl.koppel.jvm.PasswordSecrets
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Whatever is done wrong ends in an error that says what to do. */
class BadInputTest {
    @Test
    fun `a call after the end says that it was the end`() = story {
        val phone = TestPhone().start()
        val account = AccountId("ac_AAAAAAAAAAAAAAAAAAAAAA")
        phone.client.close()
        phone.client.close()
        val calls: List<suspend () -> Unit> = listOf(
            { phone.client.refresh() },
            { phone.client.show(ChallengeId("x")) },
            { phone.client.pair(Invitation.link("x"), "x", true) },
            { phone.client.receive(ByteArray(1), Alert.SILENT) },
            { phone.client.remove(account) },
            { phone.client.stayConnected() },
            { phone.client.testPhone(account).steps.collect {} },
        )
        for (call in calls) assertTrue(fails<KoppelException.Stopped> { call() }.message!!.contains("open it again"))
    }

    @Test
    fun `the same folder twice is the same client`() = story {
        val phone = TestPhone()
        val platform = Platform(phone.secrets, phone.keys, DeviceKind.TERMINAL)
        val both = List(8) { async { KoppelClient.open(phone.folder, platform) } }.map { it.await() }
        both.forEach { assertSame(both.first(), it) }
        assertSame(both.first(), KoppelClient.open(phone.folder.resolve("../${phone.folder.fileName}"), platform))
        both.first().close()
    }

    @Test
    fun `a folder that cannot be written is said`() = story {
        val file = Files.createTempFile("koppel", "file")
        val phone = TestPhone(folder = file.resolve("folder"))
        assertEquals("folder-unwritable", fails<KoppelException.NotAvailable> { phone.start() }.why)
    }

    @Test
    fun `a vault without its key is kept until the person starts afresh`() = story {
        val phone = TestPhone().start()
        val offline = runCatching { phone.client.pair(Invitation.koppelcode("0000-0000-0", "127.0.0.1:1", "jan"), "x", false) }
        assertTrue(offline.exceptionOrNull() is KoppelException.NoConnection)
        phone.close()
        val vault = phone.folder.resolve("vault")
        if (!Files.exists(vault)) Files.write(vault, "KOPPELVAULT".toByteArray())
        val before = Files.readAllBytes(vault)
        val elsewhere = TestPhone(folder = phone.folder)
        fails<KoppelException.KeyLost> { elsewhere.start() }
        val aside = KoppelClient.startAfresh(phone.folder, Platform(elsewhere.secrets, elsewhere.keys, DeviceKind.ANDROID))
        assertArrayEquals(before, Files.readAllBytes(aside))
        elsewhere.start().close()
    }

    @Test
    fun `a vault from a newer version is kept, and a damaged one too`() = story {
        val phone = TestPhone()
        phone.start().close()
        val vault = phone.folder.resolve("vault")
        Files.write(vault, "KOPPELVAULT".toByteArray() + byteArrayOf(9) + ByteArray(64))
        assertTrue(fails<KoppelException.UpdateRequired> { phone.start() }.message!!.contains("update"))
        Files.write(vault, "nonsense".toByteArray())
        fails<KoppelException.VaultDamaged> { phone.start() }
        assertEquals("nonsense", Files.readString(vault))
    }

    @Test
    fun `what is no invitation is said before anything is sent`() {
        for (uri in listOf("", "https://example.org/", "http://example.org/p#v=1", "x".repeat(600))) {
            assertEquals("link-invalid", fails<KoppelException.InvitationInvalid> { Invitation.link(uri).host }.why)
        }
        assertEquals("host-invalid", fails<KoppelException.InvitationInvalid> { Invitation.koppelcode("0000-0000-0", "http://example.org", "a").host }.why)
        assertEquals("name-invalid", fails<KoppelException.InvitationInvalid> { Invitation.koppelcode("0000-0000-0", "example.org", " ").host }.why)
        assertEquals("password-invalid", fails<KoppelException.InvitationInvalid> { Invitation.login("", "example.org", "a").host }.why)
    }

    /** Another JVM, so that the library is loaded anew. */
    private fun elsewhere(vararg properties: String): String {
        val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
        val own = listOf("-cp", System.getProperty("java.class.path"), OpenOnce::class.java.name)
        val process = ProcessBuilder(listOf(java) + properties + own).redirectErrorStream(true).start()
        val said = process.inputReader().readText()
        check(process.waitFor(60, TimeUnit.SECONDS)) { "still running" }
        return said
    }

    @Test
    fun `a library that is missing is said, each time`() {
        val said = elsewhere("-Djna.library.path=/nonexistent", "-Duniffi.component.koppel_ffi.libraryOverride=koppel_nowhere")
        assertTrue(said.contains("library-missing") && said.contains("jna.library.path"), said)
        assertTrue(said.contains("again library-missing"), said)
    }

    @Test
    fun `a library of another version is said`() {
        // libc has none of our functions; a library of ours with another API is refused by its checksums in the same place.
        val said = elsewhere("-Duniffi.component.koppel_ffi.libraryOverride=c")
        assertTrue(said.contains("library-missing") || said.contains("library-version"), said)
        val mismatch = Library.unusable(ExceptionInInitializerError(RuntimeException("UniFFI API checksum mismatch: try cleaning")))
        assertEquals("library-version", (mismatch as KoppelException.Internal).reference)
    }

    @Test
    fun `secrets under a password survive, and open under no other`() {
        val file = Files.createTempDirectory("koppel").resolve("secrets")
        PasswordSecrets(file, "geheim".toCharArray()).apply {
            set("seal", byteArrayOf(1, 2, 3))
            set("gone", byteArrayOf(4))
            delete("gone")
            assertTrue(Files.readAllBytes(file).size < 200)
        }
        assertThrows(PlatformException.NotAvailable::class.java) { PasswordSecrets(file, "anders".toCharArray()) }
        val again = PasswordSecrets(file, "geheim".toCharArray())
        assertEquals(listOf("seal"), again.names())
        assertArrayEquals(byteArrayOf(1, 2, 3), again.get("seal"))
        assertEquals(null, again.get("gone"))
    }

    @Test
    fun `keys of the JVM that are gone are said to be gone`() {
        val keys = JvmKeys(MemorySecrets())
        keys.make("a", KeyPurpose.ID)
        keys.sign("a", ByteArray(3))
        assertEquals(listOf("a"), keys.aliases())
        keys.delete("a")
        assertThrows(PlatformException.KeyInvalidated::class.java) { keys.sign("a", ByteArray(3)) }
    }
}

/** Opens a companion and says what came of it; for a JVM of its own. */
object OpenOnce {
    @JvmStatic
    fun main(arguments: Array<String>) {
        for (time in listOf("once", "again")) {
            try {
                kotlinx.coroutines.runBlocking { TestPhone().start().close() }
                println("$time well")
            } catch (error: KoppelException.Internal) {
                println("$time ${error.reference}: ${error.message}")
            }
        }
        kotlin.system.exitProcess(0)
    }
}
