package nl.koppel.jvm

import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.DataInputStream
import java.io.DataOutputStream
import java.io.IOException
import java.nio.channels.FileChannel
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardCopyOption.ATOMIC_MOVE
import java.nio.file.StandardCopyOption.REPLACE_EXISTING
import java.nio.file.StandardOpenOption.CREATE
import java.nio.file.StandardOpenOption.TRUNCATE_EXISTING
import java.nio.file.StandardOpenOption.WRITE
import java.security.GeneralSecurityException
import java.security.SecureRandom
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.SecretKeyFactory
import javax.crypto.spec.GCMParameterSpec
import javax.crypto.spec.PBEKeySpec
import javax.crypto.spec.SecretKeySpec
import nl.koppel.PlatformException
import nl.koppel.SecretStore

/**
 * Secrets in one file, sealed under a password: for a desktop without a keyring.
 *
 * `salt (16) ‖ nonce (12) ‖ AES-256-GCM`, the key by PBKDF2 with HMAC-SHA-256 and 600,000 rounds (OWASP, 2023). Each change replaces the file as a
 * whole, durably.
 */
public class PasswordSecrets(private val file: Path, password: CharArray) : SecretStore {
    private val random = SecureRandom()
    private val salt: ByteArray
    private val key: SecretKeySpec
    private val secrets: MutableMap<String, ByteArray>

    init {
        val sealed = read()
        salt = sealed?.copyOf(SALT) ?: ByteArray(SALT).also(random::nextBytes)
        key = keyOf(password, salt)
        secrets = if (sealed == null) mutableMapOf() else open(sealed)
    }

    @Synchronized
    override fun get(name: String): ByteArray? = secrets[name]?.copyOf()

    @Synchronized
    override fun set(name: String, secret: ByteArray): Unit = replace(secrets + (name to secret.copyOf()))

    @Synchronized
    override fun delete(name: String) {
        if (name in secrets) replace(secrets - name)
    }

    @Synchronized
    override fun names(): List<String> = secrets.keys.sorted()

    override fun toString(): String = "PasswordSecrets($file)"

    private fun read(): ByteArray? = try {
        if (Files.exists(file)) Files.readAllBytes(file) else null
    } catch (error: IOException) {
        throw PlatformException.Locked().apply { initCause(error) }
    }

    private fun open(sealed: ByteArray): MutableMap<String, ByteArray> = try {
        val cipher = Cipher.getInstance("AES/GCM/NoPadding")
        cipher.init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(TAG * 8, sealed, SALT, NONCE))
        val input = DataInputStream(ByteArrayInputStream(cipher.doFinal(sealed, SALT + NONCE, sealed.size - SALT - NONCE)))
        val opened = mutableMapOf<String, ByteArray>()
        repeat(input.readInt()) { opened[input.readUTF()] = input.readNBytes(input.readInt()) }
        opened
    } catch (wrong: AEADBadTagException) {
        throw PlatformException.NotAvailable("the password is wrong, or the file was changed").apply { initCause(wrong) }
    } catch (error: GeneralSecurityException) {
        throw PlatformException.Failed("the file cannot be opened").apply { initCause(error) }
    }

    private fun replace(changed: Map<String, ByteArray>) {
        val plain = ByteArrayOutputStream()
        DataOutputStream(plain).apply {
            writeInt(changed.size)
            for ((name, secret) in changed) {
                writeUTF(name)
                writeInt(secret.size)
                write(secret)
            }
        }
        val nonce = ByteArray(NONCE).also(random::nextBytes)
        val cipher = Cipher.getInstance("AES/GCM/NoPadding")
        cipher.init(Cipher.ENCRYPT_MODE, key, GCMParameterSpec(TAG * 8, nonce))
        write(salt + nonce + cipher.doFinal(plain.toByteArray()))
        secrets.clear()
        secrets.putAll(changed)
    }

    private fun write(sealed: ByteArray) {
        try {
            val beside = file.resolveSibling("${file.fileName}.new")
            FileChannel.open(beside, CREATE, TRUNCATE_EXISTING, WRITE).use { channel ->
                channel.write(java.nio.ByteBuffer.wrap(sealed))
                channel.force(true)
            }
            Files.move(beside, file, ATOMIC_MOVE, REPLACE_EXISTING)
        } catch (error: IOException) {
            throw PlatformException.Failed("the file cannot be written").apply { initCause(error) }
        }
    }

    private companion object {
        const val SALT = 16
        const val NONCE = 12
        const val TAG = 16
        const val ROUNDS = 600_000

        fun keyOf(password: CharArray, salt: ByteArray): SecretKeySpec {
            val spec = PBEKeySpec(password, salt, ROUNDS, 256)
            try {
                return SecretKeySpec(SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).encoded, "AES")
            } finally {
                spec.clearPassword()
            }
        }
    }
}
