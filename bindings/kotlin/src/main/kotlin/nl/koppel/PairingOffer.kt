package nl.koppel

import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext

/**
 * A pairing that may come to be: "Klopt dit?". Nothing is bound until the person [accept]s, and then not before the number was typed
 * at the confirmer.
 */
public class PairingOffer internal constructor(
    private val client: KoppelClient,
    private val raw: RawClient,
    /** The account that it would be on this phone. */
    public val account: AccountId,
    /** The server's address. */
    public val host: String,
    /** The organisation, as its server signed it. */
    public val organisation: String,
    /** The user's name there. */
    public val user: String,
) {
    /**
     * The person agreed. When it returns, the account is in the state as [AccountStatus.AwaitingConfirmation] with the number to show,
     * and on disk: people leave the app to type it.
     *
     * @param signer when the pairing was begun with approvals
     * @throws KoppelException `UserCancelled` and `KeyInvalidated` of the signer; the offer stands, and may be accepted again.
     *   `InvitationRefused`, `TooManyTries`, `NoConnection`: it is over
     */
    public suspend fun accept(signer: ApprovalSigner? = null): AccountId {
        val request = client.done { raw.beginAccept(account) } ?: return account
        val signature = raw.signatureOf(request, signer ?: ApprovalSigner { throw signerMissing() })
        withContext(NonCancellable) { client.done { raw.finishAccept(request, signature) } }
        return account
    }

    /** The person does not want it. The keys are deleted. */
    public suspend fun decline(): Unit = client.done { raw.decline(account) }

    override fun toString(): String = "PairingOffer($organisation, $host)"
}
