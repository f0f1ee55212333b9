import Foundation
import Koppel
import KoppelTesting

/// A phone that does what a scenario says, and a person who does so too.
final class ScenarioPhone: @unchecked Sendable {
    private var store = Store()
    private let home: URL
    private var folder: URL
    private let clockAheadSeconds: Int64
    private var open: KoppelClient?
    private var online: Task<Void, Never>?
    private var begun: [Task<Void, Never>] = []

    init(in home: URL, clockAheadSeconds: Int64) {
        (self.home, self.clockAheadSeconds) = (home, clockAheadSeconds)
        folder = Self.newFolder(in: home)
    }

    private var keys: SoftwareKeys { SoftwareKeys(secrets: store) }

    private var platform: Platform {
        var platform = Platform(secrets: store, keys: keys, kind: .android)
        platform.clockAheadSeconds = clockAheadSeconds
        return platform
    }

    private static func newFolder(in home: URL) -> URL { home.appendingPathComponent("\(UUID())") }

    /// What comes of a step, with `error` where it failed.
    func does(_ act: Value) async throws -> Value {
        do {
            return try await outcome(of: act)
        } catch let error as KoppelError {
            var answer: [String: Value] = ["error": .text(snake(error.kind))]
            if ["notAvailable", "invitationInvalid", "invitationRefused"].contains(error.kind) { answer["why"] = Value(error.why) }
            return .object(answer)
        }
    }

    private func outcome(of act: Value) async throws -> Value {
        switch act["do"].text {
        case "open":
            open = try await KoppelClient.open(folder, platform: platform)
            if act["connected"].bool ?? true { try connect() }
        case "close":
            try await letGo()
        case "kill": try await kill()
        case "connect": try connect()
        case "disconnect":
            online?.cancel()
            await online?.value
        case "secrets": store.become(act["are"].text ?? "")
        case "start_afresh": _ = try await KoppelClient.startAfresh(folder, platform: platform)
        default: return try await asks(try client(), act)
        }
        return [:]
    }

    private func asks(_ client: KoppelClient, _ act: Value) async throws -> Value {
        switch act["do"].text {
        case "refresh": try await client.refresh()
        case "pair": return try await pair(client, act)
        case "accept": return try await accept(client, act)
        case "decline": try await client.decline(newest(client).id)
        case "show": return Self.picture(try await client.show(which(client, act["challenge"])))
        case "approve": return try await approve(client, act)
        case "deny":
            let reason: DenyReason = act["reason"].text == "not_me" ? .notMe : .mistake
            return Self.picture(try await client.deny(which(client, act["challenge"]), reason: reason))
        case "unlock": try await client.liftLock(nth(client, act["account"]))
        case "receive":
            let live = try await client.receive(envelope(act), alert: .shown)
            return ["challenge": Value(live.map(Self.name))]
        case "rename": try await client.rename(nth(client, act["account"]), to: act["label"].text ?? "")
        case "remove": try await client.remove(nth(client, act["account"]))
        case "dismiss":
            guard let notice = client.state.notices.first else { throw Unexpected("no notice") }
            try await client.dismiss(notice.id)
        case let other: throw Unexpected("a phone does not \(other ?? "do nothing")")
        }
        return [:]
    }

    private func envelope(_ act: Value) throws -> Data {
        let text = (act["envelope"].text ?? "").replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        let padded = text + String(repeating: "=", count: (4 - text.count % 4) % 4)
        guard let envelope = Data(base64Encoded: padded) else { throw Unexpected("no envelope: \(text)") }
        return envelope
    }

    private func pair(_ client: KoppelClient, _ act: Value) async throws -> Value {
        let (host, user) = (act["host"].text ?? "", act["user"].text ?? "")
        let invitation: Invitation =
            switch act["door"].text {
            case "link": .link(act["link"].text ?? "")
            case "koppelcode": .koppelcode(act["code"].text ?? "", server: host, user: user)
            default: .login(act["password"].text ?? "", server: host, user: user)
            }
        let approvals = act["approvals"].bool ?? true
        if act["waits"].bool == false {
            let before = client.state.revision
            begun.append(Task { _ = try? await client.pair(invitation, deviceName: "telefoon", approvals: approvals) })
            for await state in client.states where state.revision > before { break }
            return [:]
        }
        let offer = try await client.pair(invitation, deviceName: "telefoon", approvals: approvals)
        return ["organisation": .text(offer.organisation), "user": .text(offer.user), "host": .text(offer.host)]
    }

    private func accept(_ client: KoppelClient, _ act: Value) async throws -> Value {
        let account = try newest(client)
        guard let offer = client.offer(of: account) else { throw Unexpected("no offer in \(account)") }
        let accepted = try await prompted(act, waits: act["waits"].bool ?? true) { signer in try await offer.accept(signer: signer) }
        guard accepted != nil else { return [:] }
        return ["check_number": Value(client.state.account(account.id)?.checkNumber)]
    }

    private func approve(_ client: KoppelClient, _ act: Value) async throws -> Value {
        let challenge = try which(client, act["challenge"])
        let outcome = try await prompted(act, waits: true) { signer in
            try await client.approve(challenge, number: act["number"].text, signer: signer)
        }
        return outcome.map(Self.picture) ?? [:]
    }

    /// Does something with a person at the prompt; none when nobody waits for it, or the prompt stays open.
    private func prompted<T: Sendable>(_ act: Value, waits: Bool, _ work: @escaping @Sendable (PromptSigner) async throws -> T) async throws -> T? {
        let agrees = keys.signer { _ in true }
        let (opened, open) = AsyncStream.makeStream(of: Void.self)
        let prompt = act["prompt"].text
        let signer = PromptSigner { request in
            switch prompt {
            case "cancels": throw PlatformError.userCancelled
            case "key_gone": throw PlatformError.keyInvalidated
            case "fails": throw PlatformError.failed(reason: "too many wrong fingers")
            case "stays_open":
                open.yield()
                try await Task.sleep(for: .seconds(3600))
            default: break
            }
            return try await agrees.sign(request)
        }
        guard prompt == "stays_open" || !waits else { return try await work(signer) }
        let task = Task {
            _ = try? await work(signer)
            open.finish()
        }
        begun.append(task)
        if prompt == "stays_open" { for await _ in opened { break } }
        return nil
    }

    /// The app goes on from what lay in its folder and its secret store at this moment. The old process cannot be taken out of this one: it is
    /// ended on copies that nobody reads any more.
    private func kill() async throws {
        let copy = Self.newFolder(in: home)
        let files = FileManager.default
        try files.createDirectory(at: copy, withIntermediateDirectories: true)
        for name in try files.contentsOfDirectory(atPath: folder.path) {
            let (from, to) = (folder.appendingPathComponent(name), copy.appendingPathComponent(name))
            do {
                try files.copyItem(at: from, to: to)
            } catch {
                // It was put in the place of the former meanwhile, and lies there under its own name.
                guard name.hasSuffix(".new") else { throw error }
            }
        }
        (folder, store) = (copy, try store.copy())
        try await letGo()
    }

    private func client() throws -> KoppelClient {
        guard let open else { throw Unexpected("the app is not open") }
        return open
    }

    private func connect() throws {
        let client = try client()
        online = Task { try? await client.stayConnected() }
    }

    /// Ends the app. What was begun and waits for the network ends with it.
    private func letGo() async throws {
        let (client, running) = (try client(), begun + [online].compactMap { $0 })
        (begun, online, open) = ([], nil, nil)
        for task in running { task.cancel() }
        await client.stop()
        for task in running { await task.value }
    }

    private func newest(_ client: KoppelClient) throws -> Account {
        guard let account = client.state.accounts.last else { throw Unexpected("no account") }
        return account
    }

    private func nth(_ client: KoppelClient, _ index: Value) throws -> AccountId {
        let (accounts, index) = (client.state.accounts, index.number ?? 0)
        guard accounts.indices.contains(index) else { throw Unexpected("no such account") }
        return accounts[index].id
    }

    /// The challenge that is named, or the oldest live one.
    private func which(_ client: KoppelClient, _ named: Value) throws -> ChallengeId {
        let state = client.state
        guard let name = named.text else {
            guard let oldest = state.challenges.first else { throw Unexpected("no challenge") }
            return oldest.id
        }
        let known = state.challenges.map(\.id) + state.ended.map(\.id)
        if let known = known.first(where: { Self.name($0) == name }) { return known }
        return ChallengeId(text: "\(try newest(client).id.text)/\(name)")
    }

    // MARK: Pictures

    /// A challenge's name at its server.
    private static func name(_ id: ChallengeId) -> String { String(id.text.split(separator: "/").last ?? "") }

    private static func picture(_ content: ChallengeContent) -> Value {
        switch content {
        case .code: ["content": "code", "code": Value(content.digits)]
        case .confirmPairing(let name): ["content": "confirm_pairing", "device": .text(name)]
        default: ["content": .text(snake("\(content)".replacingOccurrences(of: "ChallengeContent.", with: "")))]
        }
    }

    private static func picture(_ outcome: Outcome) -> Value {
        if case .wrongNumber(let left) = outcome { return ["outcome": "wrong_number", "left": .number(Int(left))] }
        return ["outcome": .text(snake(outcome))]
    }

    /// The state, in the words of the scenarios.
    func state() throws -> Value {
        let state = try client().state
        return [
            "accounts": .list(state.accounts.map(Self.picture)),
            "challenges": .list(state.challenges.map(Self.picture)),
            "ended": .list(state.ended.map { ["id": .text(Self.name($0.id)), "how": .text(snake($0.how))] }),
            "notices": .list(state.notices.map { ["kind": .text(snake($0.kind)), "detail": .text($0.detail)] }),
        ]
    }

    private static func picture(_ account: Account) -> Value {
        var tries: Int?
        if case .awaitingConfirmation(_, _, let left) = account.status { tries = Int(left) }
        return [
            "label": .text(account.label), "organisation": .text(account.organisation), "user": .text(account.user), "host": .text(account.host),
            "status": .text(snake(account.status)), "check_number": Value(account.checkNumber), "tries_left": Value(tries),
            "approval": .text(snake(account.approval)), "locked": .bool(account.locked), "connection": .text(snake(account.connection)),
            "clock_behind_s": Value(account.clockSkewSeconds.map { Int($0) }),
        ]
    }

    private static func picture(_ challenge: Challenge) -> Value {
        var device: String?
        if case .confirmPairing(let name, _, _, _) = challenge.kind { device = name }
        return [
            "id": .text(name(challenge.id)), "seq": .number(Int(challenge.seq)), "kind": .text(snake(challenge.kind)), "device": Value(device),
            "organisation": .text(challenge.organisation), "relying_party": .text(challenge.relyingParty), "user": .text(challenge.user),
            "purpose": .text(snake(challenge.purpose)), "ip": Value(challenge.ip), "waiting": .number(Int(challenge.waiting)),
            "can_approve": .bool(challenge.canApprove), "answered": .bool(challenge.answered),
            "seconds_left": .number(Int(max(0, challenge.expiresAt.timeIntervalSinceNow))),
        ]
    }
}

/// Secrets in memory that can be locked and lost.
private final class Store: SecretStore, @unchecked Sendable {
    private let lock = NSLock()
    private var (kept, locked) = (MemorySecrets(), false)

    func become(_ are: String) {
        lock.withLock {
            locked = are == "locked"
            if are == "gone" { kept = MemorySecrets() }
        }
    }

    func copy() throws -> Store {
        let copy = Store()
        for name in try kept.names() {
            if let secret = try kept.get(name) { try copy.kept.set(name, to: secret) }
        }
        return copy
    }

    private func open() throws -> MemorySecrets {
        try lock.withLock {
            if locked { throw PlatformError.locked }
            return kept
        }
    }

    func get(_ name: String) throws -> Data? { try open().get(name) }
    func set(_ name: String, to secret: Data) throws { try open().set(name, to: secret) }
    func delete(_ name: String) throws { try open().delete(name) }
    func names() throws -> [String] { try open().names() }
}

extension Account {
    fileprivate var checkNumber: String? {
        guard case .awaitingConfirmation(let number, _, _) = status else { return nil }
        return number
    }
}

extension KoppelError {
    /// The case alone.
    fileprivate var kind: String { Mirror(reflecting: self).children.first?.label ?? "cancelled" }
}
