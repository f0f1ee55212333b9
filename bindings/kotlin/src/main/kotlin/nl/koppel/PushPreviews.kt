package nl.koppel

/** The name of the item in the [SecretStore] that [of] wants. Kept up to date for [DeviceKind.IOS] alone. */
public val PushPreview.Companion.itemName: String
    get() = speaking { Library.load(); previewItemName() }

/**
 * Opens an envelope with the bytes of that item, in a process where the companion does not run. Quick; writes nothing, starts nothing.
 *
 * @throws KoppelException `NotAvailable` (`not-for-this-phone`): say no more than that there is something
 */
public fun PushPreview.Companion.of(envelope: ByteArray, item: ByteArray): PushPreview =
    speaking { Library.load(); previewPush(envelope, item) }
