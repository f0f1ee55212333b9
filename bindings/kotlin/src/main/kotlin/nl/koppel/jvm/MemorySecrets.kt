package nl.koppel.jvm

import java.util.concurrent.ConcurrentHashMap
import nl.koppel.SecretStore

/** Secrets that live as long as the process: for tests, and for trying things out. */
public class MemorySecrets : SecretStore {
    private val secrets = ConcurrentHashMap<String, ByteArray>()

    override fun get(name: String): ByteArray? = secrets[name]?.copyOf()

    override fun set(name: String, secret: ByteArray) {
        secrets[name] = secret.copyOf()
    }

    override fun delete(name: String) {
        secrets.remove(name)?.fill(0)
    }

    override fun names(): List<String> = secrets.keys.sorted()

    override fun toString(): String = "MemorySecrets(${secrets.size} secrets)"
}
