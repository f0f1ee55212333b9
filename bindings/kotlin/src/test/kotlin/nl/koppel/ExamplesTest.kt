package nl.koppel

import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.readLines
import kotlin.io.path.readText
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.launch
import nl.koppel.examples.addScannedCodes
import nl.koppel.examples.askAsTheyCome
import nl.koppel.examples.fromScratch
import nl.koppel.examples.readKoppelcode
import nl.koppel.examples.showCodes
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The code on the pages. */
class ExamplesTest {
    private val repository = Path.of(System.getProperty("koppel.repository"))
    private val examples = repository.resolve("bindings/kotlin/src/examples/kotlin")
    private val firstPage = repository.resolve("docs/embed-app.md")

    @Test
    fun `the program of the first page is the one that is compiled`() {
        val program = examples.resolve("FromScratch.kt").readText()
        assertTrue("```kotlin\n$program```\n" in firstPage.readText(), "copy FromScratch.kt onto $firstPage")
    }

    /** Code on a page that nobody compiles goes stale. */
    @Test
    fun `code on the pages is code of the examples`() {
        val compiled = examples.listDirectoryEntries("*.kt").flatMap { it.readLines() }.map { it.trim() }.toSet()
        for (page in listOf(firstPage, repository.resolve("bindings/kotlin/README.md"))) {
            val lines = kotlinOn(page)
            assertTrue(lines.isNotEmpty(), "$page has no code")
            assertEquals(emptyList<String>(), lines - compiled, "$page")
        }
    }

    @Test
    fun `a mistyped koppelcode is said with its place`() {
        val read = { typed: String, server: String -> readKoppelcode(typed, server, "anna") }
        assertEquals("Koppelen met koppel.example.org?", read("0000-0000-0", "koppel.example.org"))
        assertEquals("Teken 3 van de koppelcode klopt niet", read("00u0-0000-0", "koppel.example.org"))
        assertEquals("De koppelcode klopt niet", read("0000-0000-1", "koppel.example.org"))
        assertEquals("Dat serveradres klopt niet", read("0000-0000-0", "http://example.org"))
    }

    @Test
    fun `a scanned code is kept or its fault is said`() = story {
        TestPhone().start().use { phone ->
            assertEquals("Bewaard: 1, niet bewaard: 0", addScannedCodes(phone.client, "otpauth://totp/GitHub:jan?secret=JBSWY3DPEHPK3PXP"))
            assertEquals("Deze code werkt met een teller; dat kan hier niet", addScannedCodes(phone.client, "otpauth://hotp/x?secret=JBSWY3DP"))
            assertEquals("Scan de QR-code van de dienst opnieuw", addScannedCodes(phone.client, "https://example.org"))
            val shown = CompletableDeferred<List<String>>()
            val screen = launch { showCodes(phone.client) { shown.complete(it) } }
            assertTrue(shown.await().single().matches(Regex("GitHub: [0-9]{6}")))
            screen.cancelAndJoin()
        }
    }

    @Test
    fun `a login is asked about once, and the question taken away when it is over`() = story {
        RealServer.start().use { server ->
            TestPhone().start().use { phone ->
                phone.pairWith(server, "anna")
                phone.disconnect()
                val asked = Channel<ChallengeId>(Channel.UNLIMITED)
                val takenAway = Channel<ChallengeId>(Channel.UNLIMITED)
                val screen = launch {
                    askAsTheyCome(phone.client, render = {}) { login ->
                        asked.send(login.id)
                        try {
                            awaitCancellation()
                        } finally {
                            takenAway.trySend(login.id)
                        }
                    }
                }
                server.challenge("anna", "number")
                val first = asked.receive()
                assertEquals(ChallengeContent.Number, phone.client.show(first))
                phone.client.deny(first, DenyReason.MISTAKE)
                assertEquals(first, takenAway.receive())
                server.challenge("anna", "code")
                val second = asked.receive()
                assertNotEquals(first, second)
                screen.cancelAndJoin()
                assertEquals(second, takenAway.receive())
                assertTrue(asked.tryReceive().isFailure, "each once")
            }
        }
    }

    private fun kotlinOn(page: Path): List<String> {
        var inside = false
        return page.readLines().map { it.trim() }.filter { line ->
            val fence = line.startsWith("```")
            if (fence) inside = line == "```kotlin"
            inside && !fence && line.isNotEmpty()
        }
    }

    @Test
    fun `the program of the first page pairs and answers a login`() = story {
        RealServer.start().use { server ->
            server.user("anna")
            val said = Channel<String>(Channel.UNLIMITED)
            val begun = CompletableDeferred<RealServer.Login>()
            var typed = 0
            val program = launch {
                fromScratch(Files.createTempDirectory("koppel-scratch"), say = { said.trySend(it) }, ask = { question ->
                    when (question.substringBefore(' ')) {
                        "Plak" -> server.link("anna")
                        // Mistyped at first.
                        "Welk" -> begun.await().number!!.let { number -> if (typed++ == 0) number.map { if (it == '9') '0' else '9' }.joinToString("") else number }
                        else -> "ja"
                    }
                })
                said.close()
            }
            val sentences = mutableListOf<String>()
            for (sentence in said) {
                if (sentence.startsWith("Typ dit getal")) {
                    server.confirm("anna", sentence.takeLast(6))
                    begun.complete(server.challenge("anna", "number"))
                }
                sentences += sentence
            }
            program.join()
            assertEquals(listOf("Dat getal is niet goed", "Ga terug naar uw browser"), sentences.drop(1), "$sentences")
            assertEquals("approved", server.stateOf(begun.await()))
        }
    }
}
