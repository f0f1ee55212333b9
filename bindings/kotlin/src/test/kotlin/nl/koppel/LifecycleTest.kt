package nl.koppel

import java.lang.ref.WeakReference
import java.nio.file.Files
import java.nio.file.Path
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.yield
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What is begun and ended twenty thousand times leaves nothing behind. */
class LifecycleTest {
    private fun residentKiB(): Long = Files.readAllLines(Path.of("/proc/self/status")).first { it.startsWith("VmRSS:") }.filter(Char::isDigit).toLong()

    private fun threads(): Int = Files.list(Path.of("/proc/self/task")).use { it.count().toInt() }

    private fun settle() = repeat(3) {
        System.gc()
        Thread.sleep(100)
    }

    /**
     * Does something [times], in rounds, and sees that threads and handles are what they were, and memory too: what leaks grows in each
     * round; allocators and compilers grow in some.
     */
    private suspend fun leavesNothing(times: Int, what: suspend () -> Unit) {
        repeat(times / 5) { what() }
        settle()
        val (threads, waiting) = threads() to uniffiContinuationHandleMap.size
        val grown = List(ROUNDS) {
            val before = residentKiB()
            repeat(times / ROUNDS) { what() }
            settle()
            residentKiB() - before
        }
        assertTrue(grown.min() < 256, "grew by $grown KiB")
        assertTrue(threads() <= threads + 8, "$threads threads became ${threads()}")
        assertEquals(waiting, uniffiContinuationHandleMap.size)
    }

    private suspend fun withRaw(what: suspend (RawClient) -> Unit) {
        val phone = TestPhone()
        Library.load()
        val platform = Platform(phone.secrets, phone.keys, DeviceKind.ANDROID)
        RawClient.open(platform.options(phone.folder), platform.ofSecrets(), platform.ofKeys()).use { raw ->
            what(raw)
            raw.stop()
        }
    }

    @Test
    fun `twenty thousand looks at the state`() = story {
        withRaw { raw ->
            leavesNothing(20_000) {
                raw.watch().use { watch ->
                    assertTrue(watch.next() != null)
                    watch.stop()
                    assertEquals(null, watch.next())
                }
            }
        }
    }

    @Test
    fun `twenty thousand cancelled waits`() = story {
        withRaw { raw ->
            withContext(Dispatchers.Default) {
                leavesNothing(20_000) {
                    val watch = raw.watch()
                    watch.next()
                    val waiting = launch(start = CoroutineStart.UNDISPATCHED) { watch.next() }
                    yield()
                    waiting.cancel()
                    waiting.join()
                    watch.stop()
                    watch.close()
                }
            }
        }
    }

    @Test
    fun `twenty thousand cancelled calls`() = story {
        TestPhone().start().use { phone ->
            leavesNothing(20_000) {
                val call = launch(start = CoroutineStart.UNDISPATCHED) { phone.client.stayConnected() }
                call.cancel(CancellationException("left the screen"))
                call.join()
            }
        }
    }

    @Test
    fun `a hundred openings and closings of one folder`() = story {
        val phone = TestPhone()
        var last: WeakReference<KoppelClient>? = null
        repeat(100) {
            phone.start()
            last = WeakReference(phone.client)
            assertTrue(phone.client.state.value.accounts.isEmpty())
            phone.close()
        }
        fails<KoppelException.Stopped> { last!!.get()?.refresh() ?: throw stopped() }
    }

    @Test
    fun `whoever waits when the companion ends is told`() = story {
        val phone = TestPhone().start()
        val online = async(start = CoroutineStart.UNDISPATCHED) { runCatching { phone.client.stayConnected() } }
        phone.client.stop()
        assertTrue(online.await().exceptionOrNull() is KoppelException.Stopped)
    }

    private companion object {
        const val ROUNDS = 10
    }
}
