package nl.koppel

/** The account of this id. */
public fun KoppelState.account(id: AccountId): Account? = accounts.find { it.id == id }

/** The live challenge of this id. */
public fun KoppelState.challenge(id: ChallengeId): Challenge? = challenges.find { it.id == id }

/** The digits that count now, for the one place that shows, copies or speaks them. */
public val OtpCode.digits: String
    get() = ascii.decodeToString()

/** The digits that count after [until][OtpCode.until]. */
public val OtpCode.nextDigits: String
    get() = nextAscii.decodeToString()

/** The digits of a code, for the one place that shows or speaks them. */
public val ChallengeContent.Code.digits: String
    get() = ascii.decodeToString()
