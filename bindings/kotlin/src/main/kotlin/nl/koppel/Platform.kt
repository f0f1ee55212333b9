package nl.koppel

import java.nio.file.Path

/**
 * What an app brings: where secrets lie, keys that never leave their hardware, and what it runs on.
 *
 * Both are called from threads of the companion, several at once, and may take their time. Nothing there asks the person. They may call the
 * client back, but must not wait inside a call for [KoppelClient.open] or [KoppelClient.close].
 */
public class Platform(
    /** Where secrets lie. */
    public val secrets: SecretStore,
    /** The signing keys. */
    public val keys: DeviceKeys,
    /** What the app runs on, as other devices and support see it. */
    public val kind: DeviceKind,
    /** Certificates (DER) to trust beside the public ones: of an organisation that makes its own. */
    public val extraRoots: List<ByteArray> = emptyList(),
) {
    /** How many seconds the phone's clock is pretended to be ahead: for this package's own tests. */
    internal var clockAheadSeconds: Long = 0

    internal fun options(folder: Path) = OpenOptions(folder.toString(), kind, extraRoots, clockAheadSeconds)

    internal fun ofSecrets(): SecretStore = CarefulSecrets(secrets)

    internal fun ofKeys(): DeviceKeys = CarefulKeys(keys)
}

/** Lets nothing but a [PlatformException] through: the border knows no errors of the machine. */
private class CarefulSecrets(private val secrets: SecretStore) : SecretStore {
    override fun get(name: String): ByteArray? = careful { secrets.get(name) }
    override fun set(name: String, secret: ByteArray) = careful { secrets.set(name, secret) }
    override fun delete(name: String) = careful { secrets.delete(name) }
    override fun names(): List<String> = careful { secrets.names() }
}

private class CarefulKeys(private val keys: DeviceKeys) : DeviceKeys {
    override fun make(alias: String, purpose: KeyPurpose): MadeKey = careful { keys.make(alias, purpose) }
    override fun sign(alias: String, payload: ByteArray): ByteArray = careful { keys.sign(alias, payload) }
    override fun delete(alias: String) = careful { keys.delete(alias) }
    override fun aliases(): List<String> = careful { keys.aliases() }
}

private inline fun <T> careful(call: () -> T): T = try {
    call()
} catch (known: PlatformException) {
    throw known
} catch (other: Throwable) {
    // Its class alone: a message may hold what it was called with.
    throw PlatformException.Failed(other.javaClass.name)
}
