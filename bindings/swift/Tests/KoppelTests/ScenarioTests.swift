import Foundation
import Testing

/// The stories that every language plays against real servers: `tests/scenarios`.
///
/// Not yet part of the tests: two of them do not come to their end when all are played. KOPPEL_SCENARIO=NAME plays one, KOPPEL_SCENARIO=all all.
@Suite("Scenarios", .enabled(if: ProcessInfo.processInfo.environment["KOPPEL_SCENARIO"] != nil))
struct ScenarioTests {
    static let scenarios = Scenario.all()

    @Test("played to its end", arguments: scenarios)
    func play(_ scenario: Scenario) async throws {
        await Turns.shared.take()
        do {
            try await Play(scenario).toTheEnd()
        } catch {
            await Turns.shared.give()
            throw error
        }
        await Turns.shared.give()
    }
}

struct Scenario: Sendable, CustomTestStringConvertible {
    let story: Value
    var testDescription: String { story["name"].text ?? "" }

    /// All but those that need what this language has not: the package reads the clock of the machine and of no one else.
    static func all() -> [Scenario] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../../tests/scenarios")
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        let stories = files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.compactMap { file in
            (try? Data(contentsOf: file)).flatMap { try? JSONDecoder().decode(Value.self, from: $0) }
        }
        precondition(!stories.isEmpty, "no scenario in \(folder.path)")
        let only = ProcessInfo.processInfo.environment["KOPPEL_SCENARIO"]
        let played = stories.filter { $0["needs"].list.isEmpty && (only == nil || only == "all" || $0["name"].text == only) }
        // What waits long begins first.
        let slow = { (story: Value) in story["shows"].text?.contains("in real time") == true }
        return (played.filter(slow) + played.filter { !slow($0) }).map(Scenario.init)
    }
}

private final class Play {
    private let story: Value
    private let stage: Stage
    private var phones: [String: ScenarioPhone] = [:]
    private var saved: [String: Value] = [:]

    init(_ scenario: Scenario) throws {
        story = scenario.story
        stage = try Stage()
    }

    func toTheEnd() async throws {
        defer { stage.end() }
        for (name, settings) in story["servers"].fields {
            saved[name] = try await stage.act(name, settings.fields.merging(["do": "start"]) { $1 })["host"]
        }
        for (name, settings) in story["phones"].fields { try await prepare(name, settings) }
        for (index, step) in story["steps"].list.enumerated() { try await play(step, "step \(index)") }
        for phone in phones.values { _ = try? await phone.does(["do": "close"]) }
    }

    private func prepare(_ name: String, _ settings: Value) async throws {
        let phone = ScenarioPhone()
        phones[name] = phone
        _ = try await phone.does(["do": "open"])
        for paired in settings["paired"].list {
            let (server, user) = (paired["server"], paired["user"])
            let host = Value.text("$\(server.text ?? "")")
            let steps: [Value] = [
                ["server": server, "do": "user", "user": user],
                ["server": server, "do": "koppelcode", "user": user, "save": ["code": "code"]],
                [
                    "phone": .text(name), "do": "pair", "door": "koppelcode", "host": host, "user": user, "code": "$code",
                    "approvals": .bool(paired["approvals"].bool ?? true),
                ],
                ["phone": .text(name), "do": "accept", "save": ["check_number": "check_number"]],
                ["server": server, "do": "confirm", "user": user, "check_number": "$check_number"],
                ["phone": .text(name), "do": "see", "expect": ["accounts": ["any": ["host": host, "user": user, "status": "active"]]]],
            ]
            for step in steps { try await play(step, "\(name) pairs") }
        }
        if settings["connected"].bool == false { _ = try await phone.does(["do": "disconnect"]) }
    }

    private func play(_ step: Value, _ place: String) async throws {
        let fields = step.fields.filter { !["expect", "save", "note"].contains($0.key) }
        let act = try Value.object(fields).filled(saved)
        let expected = try (step.fields["expect"] ?? [:]).filled(saved)
        let answer: Value
        if let name = step["phone"].text {
            guard let phone = phones[name] else { throw Unexpected("no phone \(name)") }
            answer = act["do"].text == "see" ? try await see(phone, expected, place) : try await phone.does(act)
        } else {
            answer = try await stage.act(step["server"].text ?? "", act.fields)
        }
        if answer.fields["error"] != nil, expected.fields["error"] == nil { throw Unexpected("\(place) \(act): it failed: \(answer)") }
        if let wrong = expected.misfit(answer) { throw Unexpected("\(place) \(act): \(wrong)") }
        for (name, path) in step["save"].fields {
            let part = answer.part(path.text ?? "")
            if part == .null { throw Unexpected("\(place) \(act): no \(path) in \(answer)") }
            saved[name] = part
        }
    }

    private func see(_ phone: ScenarioPhone, _ expected: Value, _ place: String) async throws -> Value {
        let patience = ContinuousClock.now + .seconds(75)
        while true {
            let state = try phone.state()
            guard let wrong = expected.misfit(state) else { return state }
            if ContinuousClock.now > patience { throw Unexpected("\(place): never seen: \(wrong)") }
            try await Task.sleep(for: .milliseconds(25))
        }
    }
}

/// `koppel-stage` as a process: servers, panel, browser, desk and network. Ends when its standard input does.
private final class Stage: @unchecked Sendable {
    private let process = Process()
    private let (acts, answers) = (Pipe(), Pipe())
    private var received = Data()

    init() throws {
        process.executableURL = URL(fileURLWithPath: "\(ProcessInfo.processInfo.environment["KOPPEL_BIN_DIR"] ?? ".")/koppel-stage")
        process.standardInput = acts
        process.standardOutput = answers
        try process.run()
    }

    func act(_ server: String, _ act: [String: Value]) async throws -> Value {
        let line = try JSONEncoder().encode(act.merging(["server": .text(server)]) { $1 }) + Data("\n".utf8)
        let said: Value = try await onThread {
            try self.acts.fileHandleForWriting.write(contentsOf: line)
            while !self.received.contains(UInt8(ascii: "\n")) {
                let more = self.answers.fileHandleForReading.availableData
                if more.isEmpty { throw Unexpected("the stage ended") }
                self.received += more
            }
            let end = self.received.firstIndex(of: UInt8(ascii: "\n"))!
            defer { self.received = Data(self.received[(end + 1)...]) }
            return try JSONDecoder().decode(Value.self, from: Data(self.received[..<end]))
        }
        if let failure = said["failure"].text { throw Unexpected(failure) }
        return said["answer"]
    }

    func end() {
        try? acts.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}

/// So many scenarios at once: each has servers of its own.
private actor Turns {
    static let shared = Turns()
    private var free = 12
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        if free > 0 {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func give() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
