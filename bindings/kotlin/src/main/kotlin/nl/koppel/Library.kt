package nl.koppel

import com.sun.jna.Callback
import com.sun.jna.CallbackThreadInitializer
import com.sun.jna.Native

/** The library in which the companion lives: `libkoppel_ffi`. */
internal object Library {
    private const val VERSION = "library-version"
    private const val MISSING = "library-missing"

    /** Loads it, once. What is wrong with it then is wrong each time. */
    private val loaded: Result<Unit> by lazy {
        runCatching {
            uniffiEnsureInitialized()
            nameThreads()
        }
    }

    fun load() {
        val error = loaded.exceptionOrNull() ?: return
        throw unusable(error)
    }

    fun unusable(error: Throwable): KoppelException {
        val causes = generateSequence(error) { it.cause }.toList()
        val version = causes.any { it.message.orEmpty().contains("mismatch") }
        val advice = if (version) {
            "libkoppel_ffi and the Kotlin package are of different versions; take both from one release"
        } else {
            "libkoppel_ffi is not found or not for this machine; on Android the AAR brings it, on a JVM name its folder in jna.library.path"
        }
        val reference = if (version) VERSION else MISSING
        return KoppelException.Internal(advice, reference).apply { initCause(error) }
    }

    /**
     * Threads of the companion that call Kotlin are daemons. The two that wake coroutines live as long as the process and stay attached; those that
     * call stores come and go, and a thread must not end while it is attached.
     */
    private fun nameThreads() {
        val stores = listOf<Callback>(
            uniffiCallbackInterfaceSecretStore.get,
            uniffiCallbackInterfaceSecretStore.set,
            uniffiCallbackInterfaceSecretStore.delete,
            uniffiCallbackInterfaceSecretStore.names,
            uniffiCallbackInterfaceDeviceKeys.make,
            uniffiCallbackInterfaceDeviceKeys.sign,
            uniffiCallbackInterfaceDeviceKeys.delete,
            uniffiCallbackInterfaceDeviceKeys.aliases,
        )
        for (callback in stores) Native.setCallbackThreadInitializer(callback, CallbackThreadInitializer(true, true, "koppel-store"))
        Native.setCallbackThreadInitializer(uniffiRustFutureContinuationCallbackImpl, CallbackThreadInitializer(true, false, "koppel"))
    }
}
