import Foundation
import Koppel
import KoppelTesting
import Testing

/// Stores that do something else first, by the name of the call.
private final class Hostile: SecretStore, @unchecked Sendable {
    private let lock = NSLock()
    private var instead: [String: @Sendable () throws -> Void] = [:]
    let inner = MemorySecrets()

    func at(_ call: String, _ work: (@Sendable () throws -> Void)?) { lock.withLock { instead[call] = work } }
    func beKind() { lock.withLock { instead = [:] } }

    func before(_ call: String) throws { try lock.withLock { instead[call] }?() }

    func get(_ name: String) throws -> Data? {
        try before("get")
        return try inner.get(name)
    }
    func set(_ name: String, to secret: Data) throws {
        try before("set")
        try inner.set(name, to: secret)
    }
    func delete(_ name: String) throws {
        try before("delete")
        try inner.delete(name)
    }
    func names() throws -> [String] {
        try before("names")
        return try inner.names()
    }

    struct Keys: DeviceKeys {
        let hostile: Hostile
        var inner: SoftwareKeys { SoftwareKeys(secrets: hostile.inner) }

        func make(_ alias: String, for purpose: KeyPurpose) throws -> MadeKey {
            try hostile.before("make-\(purpose)")
            return try inner.make(alias, for: purpose)
        }
        func sign(_ payload: Data, with alias: String) throws -> Data {
            try hostile.before("sign")
            return try inner.sign(payload, with: alias)
        }
        func delete(_ alias: String) throws {
            try hostile.before("delete-key")
            try inner.delete(alias)
        }
        func aliases() throws -> [String] {
            try hostile.before("aliases")
            return try inner.aliases()
        }
    }

    var phone: TestPhone {
        TestPhone(secrets: self, keys: Keys(hostile: self), signer: SoftwareKeys(secrets: inner).signer { _ in true }, kind: .android)
    }
}

private struct Canary: Error, CustomStringConvertible { let description = "canary-message" }

private let errors: [any Error & Sendable] = [
    PlatformError.locked, PlatformError.notAvailable(reason: "no screen lock"), PlatformError.keyInvalidated, PlatformError.userCancelled,
    PlatformError.failed(reason: "defect"), Canary(), CancellationError(),
]

/// Whatever an app's stores do: no dead-lock, no lost decision, nothing across the border but a typed error.
@Suite("Hostile stores")
struct HostileTests {
    @Test("each error at each call of the start is typed, and the next start is well", arguments: ["get", "set", "names", "aliases"])
    func starting(call: String) async throws {
        for error in errors {
            let hostile = Hostile()
            let phone = hostile.phone
            hostile.at(call) { throw error }
            let failed = await failure { () async throws(KoppelError) in _ = try await KoppelClient.open(phone.folder, platform: phone.platform) }
            #expect(failed?.advice.isEmpty == false && failed?.advice.contains("canary") == false, "\(call) \(error)")
            hostile.beKind()
            try await with(phone) { _ in }
        }
    }

    @Test("a locked store is never read as an empty one")
    func locked() async throws {
        let server = try await RealServer.shared()
        try await server.user("h-locked")
        let hostile = Hostile()
        let phone = try await hostile.phone.start()
        let account = try await phone.offer(of: server, "h-locked").account
        await phone.stop()
        hostile.at("get") { throw PlatformError.locked }
        for _ in 0..<3 {
            let error = await failure { () async throws(KoppelError) in _ = try await KoppelClient.open(phone.folder, platform: phone.platform) }
            #expect(error?.kind == "locked")
        }
        hostile.beKind()
        try await with(phone) { #expect($0.client.state.accounts.map(\.id) == [account]) }
    }

    @Test("each error while keys are made ends the pairing in words", arguments: ["make-id", "make-approve", "set"])
    func makingKeys(call: String) async throws {
        let server = try await RealServer.shared()
        for (index, error) in errors.enumerated() {
            let (hostile, name) = (Hostile(), "h-\(call)-\(index)")
            try await server.user(name)
            try await with(hostile.phone) { phone in
                hostile.at(call) { throw error }
                let code = try await server.koppelcode(name)
                let failed = await failure { () async throws(KoppelError) in
                    _ = try await phone.client.pair(.koppelcode(code, server: server.host, user: name), deviceName: "telefoon")
                }
                #expect(failed?.why == "keys-unavailable", "\(call) \(error): \(String(describing: failed))")
                hostile.beKind()
                try await phone.state("gone") { $0.accounts.isEmpty }
            }
        }
    }

    @Test("an id key that does not sign while pairing brings the offer back")
    func signingWhilePairing() async throws {
        let server = try await RealServer.shared()
        try await server.user("h-pairing")
        let hostile = Hostile()
        try await with(hostile.phone) { phone in
            let offer = try await phone.offer(of: server, "h-pairing", approvals: false)
            for error in errors {
                hostile.at("sign") { throw error }
                #expect(await failure { () async throws(KoppelError) in try await offer.accept() } != nil)
            }
            hostile.beKind()
            try await offer.accept()
            _ = try await phone.checkNumber(offer.account)
        }
    }

    @Test("a decision is not lost to keys that fail for a while")
    func decisions() async throws {
        let server = try await RealServer.shared()
        let hostile = Hostile()
        try await with(hostile.phone) { phone in
            try await phone.pair(with: server, "h-decision")
            for error in errors {
                let login = try await server.challenge("h-decision", "number")
                let id = try await phone.challenge().id
                hostile.at("sign") { throw error }
                #expect(await failure { () async throws(KoppelError) in try await phone.client.deny(id, reason: .mistake) } != nil)
                hostile.beKind()
                #expect(try await phone.client.deny(id, reason: .mistake) == .denied)
                #expect(try await server.state(of: login) == "denied")
                try await phone.state("over") { $0.challenges.isEmpty }
            }
        }
    }

    @Test("slow stores hold nothing up but themselves")
    func slow() async throws {
        let server = try await RealServer.shared()
        let hostile = Hostile()
        try await with(hostile.phone) { phone in
            let account = try await phone.pair(with: server, "h-slow")
            let login = try await server.challenge("h-slow", "code")
            let (client, id) = (phone.client!, try await phone.challenge().id)
            hostile.at("sign") { Thread.sleep(forTimeInterval: 3) }
            let clock = ContinuousClock()
            let began = clock.now
            let denied = Task { try await client.deny(id, reason: .mistake) }
            try await phone.client.rename(account, to: "traag")
            try await phone.state("renamed") { $0.account(account)?.label == "traag" }
            #expect(clock.now - began < .seconds(3))
            #expect(try await denied.value == .denied)
            #expect(try await server.state(of: login) == "denied")
        }
    }

    @Test("stores may call the companion back and wait for it")
    func callingBack() async throws {
        let server = try await RealServer.shared()
        let hostile = Hostile()
        try await with(hostile.phone) { phone in
            let client = phone.client!
            let back = Counter()
            let again: @Sendable () throws -> Void = {
                let done = DispatchSemaphore(value: 0)
                Task {
                    try? await client.refresh()
                    _ = client.state
                    _ = try? await client.show(ChallengeId(text: "nobody"))
                    back.add()
                    done.signal()
                }
                #expect(done.wait(timeout: .now() + 10) == .success)
            }
            for call in ["get", "set", "delete", "names", "make-id", "make-approve", "sign", "delete-key", "aliases"] { hostile.at(call, again) }
            let account = try await phone.pair(with: server, "h-back")
            let login = try await server.challenge("h-back", "number")
            #expect(try await client.approve(phone.challenge().id, number: login.number, signer: phone.signer) == .approved)
            try await client.remove(account)
            try await phone.state("removed") { $0.accounts.isEmpty }
            #expect(back.value > 5)
            hostile.beKind()
        }
    }

    @Test("many tasks at once end in one outcome")
    func manyTasks() async throws {
        let server = try await RealServer.start()
        try await with(TestPhone()) { phone in
            try await phone.pair(with: server, "h-many")
            let login = try await server.challenge("h-many", "number")
            let (client, signer, id) = (phone.client!, phone.signer, try await phone.challenge().id)
            let outcomes = await withTaskGroup(of: String.self) { group in
                for _ in 0..<8 {  // The server takes no more at once from one phone.
                    group.addTask {
                        do throws(KoppelError) {
                            return "\(try await client.approve(id, number: login.number, signer: signer))"
                        } catch {
                            return error.why ?? error.kind
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.filter { $0 == "approved" }.count == 1, "\(outcomes)")
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<64 {
                    group.addTask {
                        try? await client.refresh()
                        _ = try? await client.show(id)
                    }
                }
            }
            #expect(try await server.state(of: login) == "approved")
        }
    }
}

final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    func add() { lock.withLock { count += 1 } }
    var value: Int { lock.withLock { count } }
}
