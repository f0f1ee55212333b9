package nl.koppel

/** What to do next, in English and for developers; the exception's message too. */
public val KoppelException.advice: String
    get() = message.orEmpty()

/** Why, in a short word that never changes, for the app's own words; null where the class says it all. */
public val KoppelException.why: String?
    get() = when (this) {
        is KoppelException.NoConnection -> why
        is KoppelException.NotAvailable -> why
        is KoppelException.InvitationInvalid -> why
        is KoppelException.InvitationRefused -> why
        is KoppelException.CodeInvalid -> why
        is KoppelException.Internal -> reference
        else -> null
    }
