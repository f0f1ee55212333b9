package nl.koppel

import java.math.BigInteger
import java.nio.ByteBuffer
import java.security.AlgorithmParameters
import java.security.KeyFactory
import java.security.MessageDigest
import java.security.PrivateKey
import java.security.PublicKey
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import java.security.spec.ECParameterSpec
import java.security.spec.ECPrivateKeySpec
import java.security.spec.X509EncodedKeySpec
import java.util.Base64
import javax.crypto.Cipher
import javax.crypto.KeyAgreement
import javax.crypto.Mac
import javax.crypto.spec.GCMParameterSpec
import javax.crypto.spec.SecretKeySpec

/** The protocol's cryptography by the JDK alone: none of our Rust is behind it. */
object JdkCrypto {
    private val p256: ECParameterSpec =
        AlgorithmParameters.getInstance("EC").apply { init(ECGenParameterSpec("secp256r1")) }.getParameterSpec(ECParameterSpec::class.java)
    /** What stands before the 65 bytes of a point in a SubjectPublicKeyInfo. */
    private val spkiHead = Base64.getDecoder().decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE").copyOf(26)

    fun b64(text: String): ByteArray = Base64.getUrlDecoder().decode(text)

    fun text(bytes: ByteArray): String = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes)

    fun sha256(vararg parts: ByteArray): ByteArray = MessageDigest.getInstance("SHA-256").run { parts.forEach(::update); digest() }

    fun hmac(key: ByteArray, vararg parts: ByteArray): ByteArray = Mac.getInstance("HmacSHA256").run {
        // The JDK knows no empty key; RFC 5869 means this one by it.
        init(SecretKeySpec(if (key.isEmpty()) ByteArray(32) else key, "HmacSHA256"))
        parts.forEach(::update)
        doFinal()
    }

    /** RFC 5869, for at most 32 bytes. */
    fun hkdf(salt: ByteArray, input: ByteArray, info: ByteArray, length: Int): ByteArray =
        hmac(hmac(salt, input), info, byteArrayOf(1)).copyOf(length)

    /** A length before its bytes, so that fields cannot run into each other. */
    fun lp(bytes: ByteArray): ByteArray = ByteBuffer.allocate(4).putInt(bytes.size).array() + bytes

    fun publicKey(spki: ByteArray): PublicKey = KeyFactory.getInstance("EC").generatePublic(X509EncodedKeySpec(spki))

    fun ofPoint(point: ByteArray): PublicKey {
        require(point.size == 65 && point[0] == 4.toByte()) { "not an uncompressed point" }
        return publicKey(spkiHead + point)
    }

    fun pointOf(spki: ByteArray): ByteArray = spki.copyOfRange(spki.size - 65, spki.size)

    fun privateKey(scalar: ByteArray): PrivateKey = KeyFactory.getInstance("EC").generatePrivate(ECPrivateKeySpec(BigInteger(1, scalar), p256))

    fun agree(own: PrivateKey, peer: PublicKey): ByteArray = KeyAgreement.getInstance("ECDH").run { init(own); doPhase(peer, true); generateSecret() }

    /** Whether a compact JWS is signed by this key; signatures are 64 raw bytes. */
    fun isSigned(jws: String, key: PublicKey): Boolean = try {
        val input = jws.substringBeforeLast('.')
        Signature.getInstance("SHA256withECDSAinP1363Format").run {
            initVerify(key)
            update(input.toByteArray())
            verify(b64(jws.substringAfterLast('.')))
        }
    } catch (_: java.security.SignatureException) {
        false
    }

    /** RFC 8291: what was sealed for a key, with its padding. */
    class Opened(val shared: ByteArray, val ikm: ByteArray, val cek: ByteArray, val nonce: ByteArray, val plain: ByteArray)

    fun open(body: ByteArray, scalar: ByteArray, point: ByteArray, auth: ByteArray): Opened {
        val salt = body.copyOfRange(0, 16)
        require(ByteBuffer.wrap(body, 16, 4).int == 4096 && body[20] == 65.toByte()) { "another header" }
        val from = body.copyOfRange(21, 86)
        val shared = agree(privateKey(scalar), ofPoint(from))
        val ikm = hkdf(auth, shared, "WebPush: info\u0000".toByteArray() + point + from, 32)
        val cek = hkdf(salt, ikm, "Content-Encoding: aes128gcm\u0000".toByteArray(), 16)
        val nonce = hkdf(salt, ikm, "Content-Encoding: nonce\u0000".toByteArray(), 12)
        val plain = Cipher.getInstance("AES/GCM/NoPadding").run {
            init(Cipher.DECRYPT_MODE, SecretKeySpec(cek, "AES"), GCMParameterSpec(128, nonce))
            doFinal(body, 86, body.size - 86)
        }
        return Opened(shared, ikm, cek, nonce, plain)
    }

    /** The message in an envelope of this protocol: always 2150 bytes, delimiter 2, zeros behind, UTF-8. */
    fun message(envelope: ByteArray, scalar: ByteArray, point: ByteArray, auth: ByteArray): String {
        require(envelope.size == 2150) { "another length" }
        val plain = open(envelope, scalar, point, auth).plain
        val end = plain.indexOfLast { it != 0.toByte() }
        require(end >= 0 && plain[end] == 2.toByte()) { "not the last record" }
        return Charsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(plain, 0, end)).toString()
    }
}
