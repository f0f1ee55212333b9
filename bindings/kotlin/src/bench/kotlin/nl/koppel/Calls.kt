package nl.koppel

import com.sun.jna.Native
import java.nio.file.Files
import kotlin.io.path.createTempDirectory
import kotlinx.coroutines.runBlocking
import nl.koppel.jvm.JvmKeys
import nl.koppel.jvm.MemorySecrets

/** The C library's `labs`, as a call of the binding's own shape: a handle and a place for what goes wrong. It does nothing with either. */
internal object Empty {
    init {
        Native.register(Empty::class.java, "c")
    }

    external fun labs(handle: Long, status: UniffiRustCallStatus): Long
}

private const val CALLS = 10_000
private const val ROUNDS = 7

/** Nanoseconds of one call: the median of some rounds, after as many that warm the machine. */
private fun nanoseconds(call: () -> Unit): Double {
    val rounds = List(2 * ROUNDS) {
        val begin = System.nanoTime()
        repeat(CALLS) { call() }
        (System.nanoTime() - begin).toDouble() / CALLS
    }
    return rounds.drop(ROUNDS).sorted()[ROUNDS / 2]
}

/**
 * What a call through the binding costs beside what JNA costs: prints nanoseconds of two empty calls, and of one method. A method is two crossings,
 * one that keeps the object alive and itself. Started by `cargo xtask bench`.
 */
fun main() {
    val folder = createTempDirectory("koppel-calls")
    val secrets = MemorySecrets()
    val platform = Platform(secrets, JvmKeys(secrets), DeviceKind.TERMINAL)
    Library.load()
    val client = runBlocking { RawClient.open(platform.options(folder), platform.ofSecrets(), platform.ofKeys()) }
    val watch = client.watch()
    val empty = nanoseconds { repeat(2) { Empty.labs(1, UniffiRustCallStatus()) } }
    val method = nanoseconds { watch.stop() }
    runBlocking { client.stop() }
    Files.walk(folder).use { files -> files.sorted(Comparator.reverseOrder()).forEach(Files::delete) }
    println("""{"empty_ns": $empty, "method_ns": $method}""")
}
