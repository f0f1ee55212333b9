package nl.koppel

/**
 * Asks the person, in the platform's own way, and signs with the key of [SigningRequest.alias]: BiometricPrompt with a `CryptoObject` on Android.
 *
 * Throws [PlatformException.UserCancelled] when the person steps back, [PlatformException.KeyInvalidated] when the key is gone for good; whatever
 * else is thrown may be tried again. Cancelled, it takes the prompt away.
 *
 * @sample nl.koppel.examples.signerOfAPrompt
 */
public fun interface ApprovalSigner {
    /** The ECDSA signature with SHA-256 of [SigningRequest.payload], in DER, before [SigningRequest.deadline]. */
    public suspend fun sign(request: SigningRequest): ByteArray
}
