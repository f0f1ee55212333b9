import Foundation
import KoppelFFI

/// The companion: this phone as the second key of somebody's logins. One for a process.
///
/// Every verb may be called from every task and actor, and ends in a value or a ``KoppelError``. What there is to show is in ``state`` and ``states``.
/// A cancelled call leaves nothing half done: an approval that was signed is stored and sent all the same.
///
/// ```swift
/// let client = try await KoppelClient.open(folder, platform: Platform(secrets: secrets, keys: keys))
/// for await state in client.states { render(state) }
/// ```
public final class KoppelClient: Sendable {
    let raw: RawClient
    private let path: String

    init(_ raw: RawClient, path: String) {
        self.raw = raw
        self.path = path
    }

    /// Opens the companion of a folder. Opened again, the same folder gives the same client. One process at a time may have a folder open.
    ///
    /// - Parameters:
    ///   - folder: a folder of the app's own, outside every backup; made when it is not there.
    ///   - platform: what the app brings.
    /// - Throws: ``KoppelError/locked(advice:)``: nothing is lost, try again after the phone was unlocked. ``KoppelError/keyLost(advice:)``,
    ///   ``KoppelError/vaultDamaged(advice:)``: the file is kept, offer ``startAfresh(_:platform:)``. ``KoppelError/updateRequired(advice:)``: a newer
    ///   version of the app wrote it. ``KoppelError/notAvailable(advice:why:)``: the folder, or what the `platform` brought, failed.
    ///   ``KoppelError/internal(advice:reference:)`` (`library-version`): the app is not built right.
    public static func open(_ folder: URL, platform: Platform) async throws(KoppelError) -> KoppelClient {
        let path = folder.standardizedFileURL.path
        return try await OpenClients.shared.client(of: path) { () async throws(KoppelError) in
            let raw = try await toTheEnd {
                try await RawClient.open(
                    options: platform.options(path), secrets: CarefulSecrets(platform.secrets), keys: CarefulKeys(platform.keys)
                )
            }
            return KoppelClient(raw, path: path)
        }
    }

    /// For ``KoppelError/keyLost(advice:)`` and ``KoppelError/vaultDamaged(advice:)``: puts the vault's file aside, deletes keys nobody can use any
    /// more, and leaves the folder ready for ``open(_:platform:)``. Nothing is undone at the servers: phones that were paired there stay in their
    /// lists until they are removed.
    ///
    /// - Returns: where the file is now.
    public static func startAfresh(_ folder: URL, platform: Platform) async throws(KoppelError) -> URL {
        let path = folder.standardizedFileURL.path
        let aside = try await toTheEnd {
            try await KoppelFFI.startAfresh(
                options: platform.options(path), secrets: CarefulSecrets(platform.secrets), keys: CarefulKeys(platform.keys)
            )
        }
        return URL(fileURLWithPath: aside)
    }

    // MARK: State

    /// The newest picture of everything. Holds no code and no key.
    public var state: KoppelState { (try? raw.state()) ?? .nothing }

    /// Pictures as they change: the newest at once, then each newer one; older ones are skipped, never queued. Each stream is a look of its own.
    /// Ends when the client is stopped, when the task is cancelled, and when nobody holds the stream any more.
    public var states: AsyncStream<KoppelState> {
        guard let watch = try? raw.watch() else { return AsyncStream { $0.finish() } }
        return AsyncStream {
            try? await watch.next()
        } onCancel: {
            watch.stop()
        }
    }

    // MARK: Pairing

    /// Begins to pair, after the person agreed to the host (`Invitation.host()`). Binds nothing. Cancelled, it gives the pairing up; without a network
    /// it waits for one, ten minutes at most.
    ///
    /// - Parameters:
    ///   - invitation: what was scanned or typed.
    ///   - deviceName: this phone's name, as other devices and support will see it: 1 to 64 bytes.
    ///   - approvals: whether a key is made that approves; without it the account shows codes only.
    /// - Throws: `invitationInvalid` before any try is spent, `invitationRefused`, `tooManyTries`, `noConnection`, `serverChanged`, `notAvailable`.
    public func pair(_ invitation: Invitation, deviceName: String, approvals: Bool = true) async throws(KoppelError) -> PairingOffer {
        let raw = raw
        let offer = try await speaking { try await raw.pair(invitation: invitation, deviceName: deviceName, approvals: approvals) }
        return PairingOffer(raw, account: offer.account, host: offer.host, organisation: offer.organisation, user: offer.user)
    }

    /// The offer of an account in status `AccountStatus.offered`: one that a restart of the app interrupted.
    public func offer(of account: Account) -> PairingOffer? {
        guard account.status == .offered else { return nil }
        return PairingOffer(raw, account: account.id, host: account.host, organisation: account.organisation, user: account.user)
    }

    /// Gives a pairing up, at any step before the account is in use.
    public func decline(_ account: AccountId) async throws(KoppelError) {
        let raw = raw
        try await toTheEnd { try await raw.decline(account: account) }
    }

    // MARK: Challenges

    /// Takes an envelope that a push brought, also without a network. Also every envelope that a notification extension showed while the app was away:
    /// what is known already is not announced twice.
    ///
    /// - Parameters:
    ///   - envelope: as it came.
    ///   - alert: what the person was shown: `blocked` when notifications are switched off.
    /// - Returns: the live challenge in it, whichever way it came first; none when it holds something else, is over, or is not for this phone.
    /// - Throws: `serverChanged`: the account that it is for is stopped.
    @discardableResult
    public func receive(_ envelope: Data, alert: Alert = .shown) async throws(KoppelError) -> ChallengeId? {
        let raw = raw
        return try await toTheEnd { try await raw.receive(envelope: envelope, alert: alert) }
    }

    /// Asks every server now: pull to refresh, or after a push. Returns when they are asked; what came is in ``state``.
    public func refresh() async throws(KoppelError) {
        let raw = raw
        try await speaking { try await raw.refresh() }
    }

    /// A challenge comes on screen: tells the server, and gives what is on that screen and nowhere else.
    ///
    /// - Throws: `notAvailable` (`no-such-challenge`): it is over; `KoppelState.ended` says how.
    public func show(_ challenge: ChallengeId) async throws(KoppelError) -> ChallengeContent {
        let raw = raw
        return try await speaking { try await raw.show(challenge: challenge) }
    }

    /// Approves: asks the server whether the challenge is still live, lets `signer` ask the person and sign, verifies, stores and sends. Cancelled before
    /// the signature nothing happened; after it the approval goes on to its end.
    ///
    /// - Parameters:
    ///   - challenge: its id, from the state.
    ///   - number: what the person typed, where the challenge asks for a number; spaces and hyphens do not matter.
    ///   - signer: asks the person.
    /// - Returns: what became of it. `Outcome.queued`: there is no network, it is sent as soon as there is.
    /// - Throws: `noConnection`, `userCancelled`, `keyInvalidated`, `notAvailable` (`number-needed`, `codes-only`, `already-answered` …),
    ///   `updateRequired`. Nothing was approved.
    public func approve(
        _ challenge: ChallengeId, number: String? = nil, signer: any ApprovalSigner
    ) async throws(KoppelError) -> Outcome {
        let raw = raw
        let step = try await speaking { try await raw.beginApproval(challenge: challenge, number: number) }
        switch step {
        case .over(let outcome): return outcome
        case .sign(let request):
            let signature = try await raw.signature(of: request, by: signer)
            return try await toTheEnd { try await raw.finishApproval(request: request, signature: signature) }
        }
    }

    /// The person says no. `DenyReason.notMe` is a report, which locks the account: ask twice. It also counts a day after the challenge ended.
    ///
    /// - Throws: `notAvailable` (`no-such-challenge`, `already-answered`).
    @discardableResult
    public func deny(_ challenge: ChallengeId, reason: DenyReason) async throws(KoppelError) -> Outcome {
        let raw = raw
        return try await toTheEnd { try await raw.deny(challenge: challenge, reason: reason) }
    }

    /// After a report of this phone: asks for a challenge whose approval lifts the account's lock.
    public func liftLock(_ account: AccountId) async throws(KoppelError) {
        let raw = raw
        try await speaking { try await raw.liftLock(account: account) }
    }

    // MARK: Connection

    /// Stays connected for as long as it runs: while the app is on screen. Returns when its task is cancelled, which disconnects.
    ///
    /// - Throws: ``KoppelError/stopped(advice:)`` when the client was stopped.
    public func stayConnected() async throws(KoppelError) {
        let raw = raw
        do {
            try await speaking { try await raw.stayConnected() }
        } catch .cancelled {
            return
        }
        throw .isStopped
    }

    // MARK: Accounts

    /// Gives an account another label, on this phone only: 1 to 64 characters.
    public func rename(_ account: AccountId, to label: String) async throws(KoppelError) {
        let raw = raw
        try await toTheEnd { try await raw.rename(account: account, label: label) }
    }

    /// Removes an account: tells its server if it can be reached, and deletes the keys. Done when it has left ``state``.
    public func remove(_ account: AccountId) async throws(KoppelError) {
        let raw = raw
        try await toTheEnd { try await raw.remove(account: account) }
    }

    /// A notice was read.
    public func dismiss(_ notice: NoticeId) async throws(KoppelError) {
        let raw = raw
        try await toTheEnd { try await raw.dismiss(notice: notice) }
    }

    /// "Test my phone": every step a login takes. ``stayConnected()`` must run meanwhile.
    public func testPhone(_ account: AccountId) throws(KoppelError) -> PhoneTest {
        PhoneTest(try speaking { try raw.testPhone(account: account) })
    }

    // MARK: End

    /// Disconnects and ends the companion. Everything that matters is on disk already. Whatever is called afterwards throws
    /// ``KoppelError/stopped(advice:)``; stopped twice is stopped.
    public func stop() async {
        await OpenClients.shared.forget(self, of: path)
        let raw = raw
        try? await toTheEnd { try await raw.stop() }
    }
}

/// The clients that are open: one for a folder.
private actor OpenClients {
    static let shared = OpenClients()

    private var clients: [String: KoppelClient] = [:]
    private var opening: [String: Task<Result<KoppelClient, KoppelError>, Never>] = [:]

    func client(
        of path: String, open: @escaping @Sendable () async throws(KoppelError) -> KoppelClient
    ) async throws(KoppelError) -> KoppelClient {
        if let client = clients[path] { return client }
        if let begun = opening[path] { return try await begun.value.get() }
        let begun = Task { () -> Result<KoppelClient, KoppelError> in
            do throws(KoppelError) { return .success(try await open()) } catch { return .failure(error) }
        }
        opening[path] = begun
        let result = await begun.value
        opening[path] = nil
        let client = try result.get()
        clients[path] = client
        return client
    }

    func forget(_ client: KoppelClient, of path: String) {
        if clients[path] === client { clients[path] = nil }
    }
}
