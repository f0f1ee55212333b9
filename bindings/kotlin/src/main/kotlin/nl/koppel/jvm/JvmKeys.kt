package nl.koppel.jvm

import java.security.KeyFactory
import java.security.KeyPairGenerator
import java.security.PrivateKey
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import java.security.spec.PKCS8EncodedKeySpec
import nl.koppel.ApprovalSigner
import nl.koppel.DeviceKeys
import nl.koppel.KeyLevel
import nl.koppel.KeyPurpose
import nl.koppel.MadeKey
import nl.koppel.PlatformException
import nl.koppel.SecretStore
import nl.koppel.SigningRequest
import nl.koppel.UserVerification

/**
 * Keys in software, by the JDK: for tests and for the desktop. They claim to be no more than that.
 *
 * @param secrets where keys lie that sign without the person
 * @param approvals where keys lie that approve: on a desktop a store of its own, which a PIN opens ([PasswordSecrets])
 */
public class JvmKeys(private val secrets: SecretStore, private val approvals: SecretStore = secrets) : DeviceKeys {
    override fun make(alias: String, purpose: KeyPurpose): MadeKey {
        val pair = KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }.generateKeyPair()
        store(purpose).set(name(alias), pair.private.encoded)
        val verification = if (purpose == KeyPurpose.APPROVE) UserVerification.PIN else UserVerification.NONE
        return MadeKey(pair.public.encoded, KeyLevel.SOFTWARE, verification)
    }

    override fun sign(alias: String, payload: ByteArray): ByteArray = sign(secrets, alias, payload)

    override fun delete(alias: String) {
        secrets.delete(name(alias))
        approvals.delete(name(alias))
    }

    override fun aliases(): List<String> =
        (secrets.names() + approvals.names()).filter { it.startsWith(PREFIX) }.map { it.removePrefix(PREFIX) }.distinct()

    /**
     * A signer that first asks the person by [agrees].
     *
     * @throws PlatformException `UserCancelled` when they do not agree
     */
    public fun signer(agrees: suspend (SigningRequest) -> Boolean): ApprovalSigner = ApprovalSigner { request ->
        if (!agrees(request)) throw PlatformException.UserCancelled()
        sign(approvals, request.alias, request.payload)
    }

    private fun store(purpose: KeyPurpose) = if (purpose == KeyPurpose.APPROVE) approvals else secrets

    private fun sign(store: SecretStore, alias: String, payload: ByteArray): ByteArray {
        val encoded = store.get(name(alias)) ?: throw PlatformException.KeyInvalidated()
        val key: PrivateKey = KeyFactory.getInstance("EC").generatePrivate(PKCS8EncodedKeySpec(encoded))
        encoded.fill(0)
        return Signature.getInstance("SHA256withECDSA").run {
            initSign(key)
            update(payload)
            sign()
        }
    }

    override fun toString(): String = "JvmKeys"

    private companion object {
        const val PREFIX = "key/"

        fun name(alias: String) = PREFIX + alias
    }
}
