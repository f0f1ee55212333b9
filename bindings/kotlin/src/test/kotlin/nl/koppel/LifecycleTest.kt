package nl.koppel

import java.lang.ref.WeakReference
import java.nio.file.Files
import java.nio.file.Path
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.yield
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What is begun and ended ten thousand times leaves nothing behind. */
class LifecycleTest {
    private fun residentKiB(): Long = Files.readAllLines(Path.of("/proc/self/status")).first { it.startsWith("VmRSS:") }.filter(Char::isDigit).toLong()

    private fun threads(): Int = Files.list(Path.of("/proc/self/task")).use { it.count().toInt() }

    private fun settle() = repeat(3) {
        System.gc()
        Thread.sleep(100)
    }

    /** Does something [times] and sees that memory, threads and handles are what they were. */
    private suspend fun leavesNothing(times: Int, what: suspend () -> Unit) {
        repeat(times / 10) { what() }
        settle()
        val (memory, threads, waiting) = Triple(residentKiB(), threads(), uniffiContinuationHandleMap.size)
        repeat(times) { what() }
        settle()
        val grown = residentKiB() - memory
        assertTrue(grown < 48 * 1024, "grew by $grown KiB")
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
    fun `ten thousand looks at the state`() = story {
        withRaw { raw ->
            leavesNothing(10_000) {
                raw.watch().use { watch ->
                    assertTrue(watch.next() != null)
                    watch.stop()
                    assertEquals(null, watch.next())
                }
            }
        }
    }

    @Test
    fun `ten thousand cancelled waits`() = story {
        withRaw { raw ->
            withContext(Dispatchers.Default) {
                leavesNothing(10_000) {
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
    fun `ten thousand cancelled calls`() = story {
        TestPhone().start().use { phone ->
            leavesNothing(10_000) {
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
        val online = async(Dispatchers.Default) { runCatching { phone.client.stayConnected() } }
        delay(100)
        phone.client.stop()
        assertTrue(online.await().exceptionOrNull() is KoppelException.Stopped)
    }
}
