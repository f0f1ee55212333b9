package nl.koppel

/**
 * The address that the person must agree to before anything is sent there.
 *
 * @throws KoppelException `InvitationInvalid`, before any try is spent: with the place of the wrong symbol, where it is known
 * @sample nl.koppel.examples.hostFirst
 */
public val Invitation.host: String
    get() = speaking { Library.load(); hostOf(this) }

/** What a QR code held, or a link that was opened or pasted. */
public fun Invitation.Companion.link(uri: String): Invitation = Invitation.Link(uri.toByteArray())

/**
 * A koppelcode as it was typed: any case, hyphens and spaces anywhere. Nothing is read yet: [host] says what is mistyped.
 *
 * @sample nl.koppel.examples.readKoppelcode
 */
public fun Invitation.Companion.koppelcode(code: String, server: String, user: String): Invitation =
    Invitation.Koppelcode(server, user, code.toByteArray())

/** User name and password of the panel. */
public fun Invitation.Companion.login(password: String, server: String, user: String): Invitation =
    Invitation.Login(server, user, password.toByteArray())
