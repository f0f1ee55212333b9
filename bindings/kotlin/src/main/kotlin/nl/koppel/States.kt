package nl.koppel

/** The account of this id. */
public fun KoppelState.account(id: AccountId): Account? = accounts.find { it.id == id }

/** The live challenge of this id. */
public fun KoppelState.challenge(id: ChallengeId): Challenge? = challenges.find { it.id == id }

/** The digits of a code, for the one place that shows or speaks them. */
public val ChallengeContent.Code.digits: String
    get() = ascii.decodeToString()
