import Foundation
import Koppel
import KoppelTesting
import Testing

/// A phone with everything in memory but its vault. Stopped and started again it is the same phone.
final class TestPhone: @unchecked Sendable {
    let secrets: any SecretStore
    let keys: any DeviceKeys
    let folder: URL
    private let kind: DeviceKind
    private let approves: PromptSigner
    private var online: Task<Void, Never>?
    private(set) var client: KoppelClient!

    init(
        secrets: any SecretStore = MemorySecrets(), keys: (any DeviceKeys)? = nil, signer: PromptSigner? = nil,
        kind: DeviceKind = .ios, folder: URL? = nil
    ) {
        self.secrets = secrets
        self.keys = keys ?? SoftwareKeys(secrets: secrets)
        self.kind = kind
        self.folder = folder ?? FileManager.default.temporaryDirectory.appendingPathComponent("koppel-phone-\(UUID())")
        approves = signer ?? SoftwareKeys(secrets: secrets).signer { _ in true }
    }

    var platform: Platform { Platform(secrets: secrets, keys: keys, kind: kind) }

    /// Agrees to everything.
    var signer: PromptSigner { approves }

    @discardableResult
    func start() async throws -> TestPhone {
        client = try await KoppelClient.open(folder, platform: platform)
        return self
    }

    @discardableResult
    func connect() -> TestPhone {
        let client = client!
        online = Task { try? await client.stayConnected() }
        return self
    }

    func disconnect() { online?.cancel() }

    func stop() async {
        disconnect()
        await client.stop()
    }

    /// Pairs by koppelcode and lets the desk confirm; connected afterwards.
    @discardableResult
    func pair(with server: RealServer, _ user: String, approvals: Bool = true) async throws -> AccountId {
        try await server.user(user)
        connect()
        let offer = try await offer(of: server, user, approvals: approvals)
        let account = try await offer.accept(signer: signer)
        try await server.confirm(user, checkNumber(account))
        try await state("active") { $0.account(account)?.status == .active }
        return account
    }

    /// An offer by koppelcode, of a user who is there.
    func offer(of server: RealServer, _ user: String, approvals: Bool = true) async throws -> PairingOffer {
        let code = try await server.koppelcode(user)
        return try await client.pair(.koppelcode(code, server: server.host, user: user), deviceName: "telefoon van \(user)", approvals: approvals)
    }

    func checkNumber(_ account: AccountId) async throws -> String {
        let waiting = try await state("a check number") { $0.account(account)?.checkNumber != nil }
        return waiting.account(account)?.checkNumber ?? ""
    }

    /// The first live challenge.
    func challenge() async throws -> Challenge { try await state("a challenge") { !$0.challenges.isEmpty }.challenges[0] }

    /// The state in which something holds, within half a minute.
    @discardableResult
    func state(_ what: String, holds: @escaping @Sendable (KoppelState) -> Bool) async throws -> KoppelState {
        let client = client!
        let found = try await withThrowingTaskGroup(of: KoppelState?.self) { group in
            group.addTask {
                for await state in client.states where holds(state) { return state }
                return nil
            }
            group.addTask {
                try await Task.sleep(for: .seconds(30))
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        return try #require(found, "never \(what): \(client.state)")
    }
}

extension Account {
    var checkNumber: String? {
        guard case .awaitingConfirmation(let number, _, _) = status else { return nil }
        return number
    }
}

/// Runs a test with a phone that is stopped afterwards, whatever comes of it.
func with(_ phone: TestPhone, _ story: (TestPhone) async throws -> Void) async throws {
    try await phone.start()
    do {
        try await story(phone)
    } catch {
        await phone.stop()
        throw error
    }
    await phone.stop()
}

/// The error that a call ends in.
func failure(_ call: () async throws(KoppelError) -> Void) async -> KoppelError? {
    do throws(KoppelError) {
        try await call()
        return nil
    } catch {
        return error
    }
}

extension KoppelError {
    /// The case alone, for expectations.
    var kind: String { "\(Mirror(reflecting: self).children.first?.label ?? "cancelled")" }
}
