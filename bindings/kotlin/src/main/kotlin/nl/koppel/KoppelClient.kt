package nl.koppel

import java.nio.file.Path
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.isActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext

/**
 * The companion: this phone as the second key of somebody's logins. One for a process.
 *
 * Every verb may be called from every thread, the main one too, and ends in a value or a [KoppelException]. What there is to
 * show is in [state]. A cancelled call leaves nothing half done: an approval that was signed is stored and sent all the same.
 *
 * ```kotlin
 * val client = KoppelClient.open(folder, Platform(secrets, keys, DeviceKind.ANDROID))
 * client.state.collect { state -> render(state) }
 * ```
 *
 * @sample nl.koppel.examples.openAndWatch
 */
public class KoppelClient private constructor(private val raw: RawClient, private val folder: Path) : AutoCloseable {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)
    private val states = MutableStateFlow(speaking { raw.state() })

    /** The newest picture of everything. Holds no code and no key. Ends changing when the client is closed. */
    public val state: StateFlow<KoppelState> = states.asStateFlow()

    init {
        val watch = raw.watch()
        scope.launch {
            watch.use {
                while (true) turnTo(it.next() ?: break)
            }
        }
    }

    /** What a verb did is in [state] when it returns, however busy the thread is that watches. */
    internal suspend fun <T> done(verb: suspend () -> T): T = speaking { verb().also { if (scope.isActive) turnTo(raw.state()) } }

    private fun turnTo(newer: KoppelState): Unit = states.update { shown -> if (newer.revision < shown.revision) shown else newer }

    /**
     * Begins to pair, after the person agreed to the [host][Invitation.host]. Binds nothing. Cancelled, it gives the pairing up;
     * without a network it waits for one, ten minutes at most.
     *
     * @param deviceName this phone's name, as other devices and support will see it: 1 to 64 bytes
     * @param approvals whether a key is made that approves; without it the account shows codes only
     * @throws KoppelException `InvitationInvalid` before any try is spent, `InvitationRefused`, `TooManyTries`, `NoConnection`,
     *   `ServerChanged`, `NotAvailable`
     * @sample nl.koppel.examples.pairByLink
     */
    public suspend fun pair(invitation: Invitation, deviceName: String, approvals: Boolean = true): PairingOffer {
        val offer = done { raw.pair(invitation, deviceName, approvals) }
        return PairingOffer(this, raw, offer.account, offer.host, offer.organisation, offer.user)
    }

    /** The offer of an account in status [AccountStatus.Offered]: one that a restart of the app interrupted. */
    public fun offer(account: Account): PairingOffer? = when (account.status) {
        AccountStatus.Offered -> PairingOffer(this, raw, account.id, account.host, account.organisation, account.user)
        else -> null
    }

    /** Gives a pairing up, at any step before the account is in use. */
    public suspend fun decline(account: AccountId): Unit = done { raw.decline(account) }

    /**
     * Takes an envelope that a push brought, also without a network. Also every envelope that a notification extension showed while
     * the app was away: what is known already is not announced twice.
     *
     * @param alert what the person was shown: [Alert.BLOCKED] when notifications are switched off
     * @return the live challenge in it, whichever way it came first; null when it holds something else, is over, or is not for
     *   this phone
     * @throws KoppelException `ServerChanged`: the account that it is for is stopped
     */
    public suspend fun receive(envelope: ByteArray, alert: Alert = Alert.SHOWN): ChallengeId? = done { raw.receive(envelope, alert) }

    /** Asks every server now: pull to refresh, or after a push. Returns when they are asked; what came is in [state]. */
    public suspend fun refresh(): Unit = done { raw.refresh() }

    /**
     * A challenge comes on screen: tells the server, and gives what is on that screen and nowhere else.
     *
     * @throws KoppelException `NotAvailable` (`no-such-challenge`): it is over; [KoppelState.ended] says how
     */
    public suspend fun show(id: ChallengeId): ChallengeContent = done { raw.show(id) }

    /**
     * Approves: asks the server whether the challenge is still live, lets [signer] ask the person and sign, verifies, stores and sends.
     * Cancelled before the signature nothing happened; after it the approval goes on to its end.
     *
     * @param number what the person typed, where the challenge asks for a number; spaces and hyphens do not matter
     * @return what became of it. [Outcome.Queued]: there is no network, it is sent as soon as there is
     * @throws KoppelException `NoConnection`, `UserCancelled`, `KeyInvalidated`, `NotAvailable` (`number-needed`, `codes-only`,
     *   `already-answered` …), `UpdateRequired`. Nothing was approved
     * @sample nl.koppel.examples.approveWithNumber
     */
    public suspend fun approve(id: ChallengeId, number: String? = null, signer: ApprovalSigner): Outcome {
        val request = when (val step = speaking { raw.beginApproval(id, number) }) {
            is ApprovalStep.Over -> return step.outcome
            is ApprovalStep.Sign -> step.request
        }
        val signature = raw.signatureOf(request, signer)
        return withContext(NonCancellable) { done { raw.finishApproval(request, signature) } }
    }

    /**
     * The person says no. [DenyReason.NOT_ME] is a report, which locks the account: ask twice. It also counts a day after the
     * challenge ended.
     *
     * @throws KoppelException `NotAvailable` (`no-such-challenge`, `already-answered`)
     */
    public suspend fun deny(id: ChallengeId, reason: DenyReason): Outcome =
        withContext(NonCancellable) { done { raw.deny(id, reason) } }

    /** After a report of this phone: asks for a challenge whose approval lifts the account's lock. */
    public suspend fun liftLock(account: AccountId): Unit = done { raw.liftLock(account) }

    /**
     * Stays connected for as long as it runs: while the app is on screen. Never returns; cancel it to disconnect.
     *
     * @throws KoppelException `Stopped` when the client was closed
     * @sample nl.koppel.examples.connectWhileOnScreen
     */
    public suspend fun stayConnected(): Nothing {
        speaking { raw.stayConnected() }
        throw stopped()
    }

    /** Gives an account another label, on this phone only: 1 to 64 characters. */
    public suspend fun rename(account: AccountId, label: String): Unit = done { raw.rename(account, label) }

    /** Removes an account: tells its server if it can be reached, and deletes the keys. Done when it has left [state]. */
    public suspend fun remove(account: AccountId): Unit = done { raw.remove(account) }

    /** A notice was read. */
    public suspend fun dismiss(notice: NoticeId): Unit = done { raw.dismiss(notice) }

    /**
     * The codes of other services, for the screen that shows them: the list at once, and again when a code was followed by the next or
     * the accounts changed. Ends when the client is closed. No code is ever in [state].
     *
     * @sample nl.koppel.examples.showCodes
     */
    public fun codes(): Flow<List<OtpCode>> = flow {
        speaking { raw.watchCodes() }.use { codes ->
            try {
                while (true) emit(speaking { codes.next() } ?: break)
            } finally {
                codes.stop()
            }
        }
    }

    /**
     * Keeps the account of an `otpauth://` link; the same one twice is kept once. Returns when it is on disk.
     *
     * @param uri what the QR code held, in UTF-8. The bytes are the caller's to wipe
     * @throws KoppelException `CodeInvalid`, and nothing is kept: [why] says what the person can do; `otp-several` for an export, which is
     *   for [addCodes]. `NotAvailable`: `too-many-codes`, and it is not kept; `folder-unwritable`, and it is kept in memory and written again by
     *   itself: look at [codes] before you add it anew
     */
    public suspend fun addCode(uri: ByteArray): OtpId = done { raw.addCode(uri) }

    /**
     * Keeps an account that was typed by hand.
     *
     * @param issuer the service; may be empty when [name] is not
     * @param secret in base32 as the service shows it: any case, spaces anywhere
     * @throws KoppelException `CodeInvalid`, with the place of a wrong character. `NotAvailable` as of the other
     */
    public suspend fun addCode(issuer: String, name: String, secret: ByteArray): OtpId = done { raw.addTypedCode(issuer, name, secret) }

    /**
     * Keeps whatever a scanned QR code holds: one account, or those that another authenticator exports. What gives no codes here is told one
     * by one and keeps nothing else out; of an export in several parts, each is scanned by itself.
     *
     * @throws KoppelException `CodeInvalid`: nothing in it can be read. `NotAvailable`: `too-many-codes`, and none is kept; `folder-unwritable`, and
     *   they are kept in memory and written again by itself
     * @sample nl.koppel.examples.addScannedCodes
     */
    public suspend fun addCodes(uri: ByteArray): AddedCodes = done { raw.addCodes(uri) }

    /**
     * Gives a code another label, on this phone only: 1 to 64 characters that show.
     *
     * @throws KoppelException `InvitationInvalid` (`name-invalid`). `NotAvailable`: `no-such-code`; `folder-unwritable`, as of [moveCode]
     */
    public suspend fun renameCode(id: OtpId, label: String): Unit = done { raw.renameCode(id, label) }

    /**
     * Moves a code to a place in the list, counted from 0; behind the last one where there is no such place.
     *
     * @throws KoppelException `NotAvailable`: `no-such-code`; `folder-unwritable`, and it is so in memory and written again by itself
     */
    public suspend fun moveCode(id: OtpId, place: Int): Unit = done { raw.moveCode(id, place.coerceAtLeast(0).toUInt()) }

    /**
     * Forgets a code, its secret too. Ask first: the service goes on asking for it until that is changed there.
     *
     * @throws KoppelException `NotAvailable`: `no-such-code`; `folder-unwritable`, as of [moveCode], and until then the secret is still on disk
     */
    public suspend fun removeCode(id: OtpId): Unit = done { raw.removeCode(id) }

    /** "Test my phone": every step a login takes. [stayConnected] must run meanwhile. */
    public fun testPhone(account: AccountId): PhoneTest = PhoneTest(raw, account)

    /** Disconnects and ends the companion, as [close] does, without holding up the thread. */
    public suspend fun stop() {
        opening.withLock { open.remove(folder, this) }
        try {
            withContext(NonCancellable) { speaking { raw.stop() } }
        } catch (_: KoppelException.Stopped) {
            // Stopped twice is stopped.
        }
        scope.cancel()
        raw.close()
    }

    /**
     * Disconnects and ends the companion. Everything that matters is on disk already. Holds up the thread for a few milliseconds, two
     * seconds at most while keys are being deleted. Whatever is called afterwards throws [KoppelException.Stopped].
     */
    override fun close(): Unit = runBlocking(Dispatchers.Default) { stop() }

    public companion object {
        private val opening = Mutex()
        private val open = HashMap<Path, KoppelClient>()

        /**
         * Opens the companion of a folder. Opened again, the same folder gives the same client. One process at a time may have a folder
         * open.
         *
         * @param folder a folder of the app's own, outside every backup; made when it is not there
         * @throws KoppelException `Locked`: nothing is lost, try again after the phone was unlocked. `KeyLost`, `VaultDamaged`: the file
         *   is kept, offer [startAfresh]. `UpdateRequired`: a newer version of the app wrote it. `NotAvailable`: the folder, or what the
         *   [platform] brought, failed. `Internal` (`library-missing`, `library-version`): the app is not built right
         * @sample nl.koppel.examples.openAndWatch
         */
        public suspend fun open(folder: Path, platform: Platform): KoppelClient = withContext(Dispatchers.IO) {
            val path = folder.toAbsolutePath().normalize()
            opening.withLock {
                open[path] ?: run {
                    val raw = speaking { Library.load(); RawClient.open(platform.options(path), platform.ofSecrets(), platform.ofKeys()) }
                    KoppelClient(raw, path).also { open[path] = it }
                }
            }
        }

        /**
         * For [KoppelException.KeyLost] and [KoppelException.VaultDamaged]: puts the vault's file aside, deletes keys nobody can use any
         * more, and leaves the folder ready for [open]. Nothing is undone at the servers: phones that were paired there stay in their
         * lists until they are removed.
         *
         * @return where the file is now
         */
        public suspend fun startAfresh(folder: Path, platform: Platform): Path = withContext(Dispatchers.IO) {
            val path = folder.toAbsolutePath().normalize()
            Path.of(speaking { Library.load(); startAfresh(platform.options(path), platform.ofSecrets(), platform.ofKeys()) })
        }
    }
}

/** The signature of [signer], or the end of what was asked. */
internal suspend fun RawClient.signatureOf(request: SigningRequest, signer: ApprovalSigner): ByteArray {
    val why = try {
        return signer.sign(request)
    } catch (cancelled: CancellationException) {
        takeBack(request, NoSignature.CANCELLED)
        throw cancelled
    } catch (refused: Throwable) {
        refused
    }
    throw when (why) {
        is PlatformException.UserCancelled -> userCancelled().also { takeBack(request, NoSignature.CANCELLED) }
        is PlatformException.KeyInvalidated -> keyInvalidated().also { takeBack(request, NoSignature.KEY_INVALIDATED) }
        else -> keyRefused(why).also { takeBack(request, NoSignature.REFUSED) }
    }
}

private suspend fun RawClient.takeBack(request: SigningRequest, why: NoSignature) = withContext(NonCancellable) {
    try {
        speaking { notSigned(request, why) }
    } catch (_: KoppelException.Stopped) {
        // Nothing is open any more.
    }
}
