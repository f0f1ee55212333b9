package nl.koppel

/** Runs a call into the library, so that whatever goes wrong is a [KoppelException]. */
internal inline fun <T> speaking(call: () -> T): T = try {
    call()
} catch (panic: InternalException) {
    throw KoppelException.Internal("a defect in Koppel; please report it with this reference: panic", "panic").apply { initCause(panic) }
} catch (error: IllegalStateException) {
    // The generated handles say so when they were closed. Everything else of that kind is the caller's: a cancelled coroutine.
    if (error.message.orEmpty().endsWith("object has already been destroyed")) throw stopped() else throw error
} catch (error: LinkageError) {
    throw Library.unusable(error)
}

internal fun stopped(): KoppelException = KoppelException.Stopped("this companion was stopped; open it again")

internal fun userCancelled(): KoppelException = KoppelException.UserCancelled("the person stepped back; nothing was sent")

internal fun keyInvalidated(): KoppelException = KoppelException.KeyInvalidated(
    "the key that approves is gone for good; codes still work. Remove the account and pair it again to approve",
)

internal fun keyRefused(cause: Throwable): KoppelException =
    cause as? KoppelException
        ?: KoppelException.NotAvailable("the signer gave no signature; see the cause, and try again", "key-refused").apply { initCause(cause) }

internal fun signerMissing(): KoppelException =
    KoppelException.NotAvailable("this pairing has a key that approves: give a signer that asks the person", "signer-needed")
