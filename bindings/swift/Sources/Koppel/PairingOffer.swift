import KoppelFFI

/// A pairing that may come to be: "Klopt dit?". Nothing is bound until the person ``accept(signer:)``s, and then not before the number was typed at
/// the confirmer.
public struct PairingOffer: Sendable {
    private let raw: RawClient
    /// The account that it would be on this phone.
    public let account: AccountId
    /// The server's address.
    public let host: String
    /// The organisation, as its server signed it.
    public let organisation: String
    /// The user's name there.
    public let user: String

    init(_ raw: RawClient, account: AccountId, host: String, organisation: String, user: String) {
        self.raw = raw
        self.account = account
        self.host = host
        self.organisation = organisation
        self.user = user
    }

    /// The person agreed. When it returns, the account is in the state as `awaitingConfirmation` with the number to show, and on disk: people leave the
    /// app to type it.
    ///
    /// - Parameter signer: when the pairing was begun with approvals.
    /// - Throws: `userCancelled` and `keyInvalidated` of the signer: the offer stands, and may be accepted again. `invitationRefused`, `tooManyTries`,
    ///   `noConnection`: it is over.
    @discardableResult
    public func accept(signer: (any ApprovalSigner)? = nil) async throws(KoppelError) -> AccountId {
        let (raw, account) = (raw, account)
        guard let request = try await speaking({ try await raw.beginAccept(account: account) }) else { return account }
        let signer = signer ?? PromptSigner { _ in throw KoppelError.signerMissing }
        let signature = try await raw.signature(of: request, by: signer)
        try await toTheEnd { try await raw.finishAccept(request: request, signature: signature) }
        return account
    }

    /// The person does not want it. The keys are deleted.
    public func decline() async throws(KoppelError) {
        let (raw, account) = (raw, account)
        try await toTheEnd { try await raw.decline(account: account) }
    }
}

extension PairingOffer: CustomStringConvertible {
    public var description: String { "PairingOffer(\(organisation), \(host))" }
}
