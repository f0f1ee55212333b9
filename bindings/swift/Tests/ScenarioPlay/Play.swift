import Foundation

/// What was not as the scenario says.
struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ what: String) { description = what }
}

/// One scenario with its servers and phones.
final class Play {
    /// How long a phone may take to show what must come.
    private static let patience = Duration.seconds(75)

    private let story: Value
    private let stage: Stage
    /// Where the phones lie.
    private let home: URL
    private var phones: [String: ScenarioPhone] = [:]
    private var saved: [String: Value] = [:]

    init(_ story: Value, in home: URL) throws {
        let unknown = story["needs"].list.compactMap(\.text).filter { $0 != "clock" }
        guard unknown.isEmpty else { throw Unexpected("this player has no \(unknown.joined(separator: ", "))") }
        (self.story, self.home) = (story, home)
        stage = try Stage()
    }

    func toTheEnd() async throws {
        for (name, settings) in story["servers"].fields {
            saved[name] = try await stage.act(name, settings.fields.merging(["do": "start"]) { $1 })["host"]
        }
        for (name, settings) in story["phones"].fields { try await prepare(name, settings) }
        for (index, step) in story["steps"].list.enumerated() { try await play(step, "step \(index)") }
    }

    private func prepare(_ name: String, _ settings: Value) async throws {
        let phone = ScenarioPhone(in: home, clockAheadSeconds: Int64(settings["clock_s"].number ?? 0))
        phones[name] = phone
        _ = try await phone.does(["do": "open"])
        for paired in settings["paired"].list {
            for step in pairing(name, paired) { try await play(step, "\(name) pairs") }
        }
        if settings["connected"].bool == false { _ = try await phone.does(["do": "disconnect"]) }
    }

    /// The steps of a pairing that is over when a scenario begins.
    private func pairing(_ phone: String, _ paired: Value) -> [Value] {
        let (phone, server, user) = (Value.text(phone), paired["server"], paired["user"])
        let host = Value.text("$\(server.text ?? "")")
        return [
            ["server": server, "do": "user", "user": user],
            ["server": server, "do": "koppelcode", "user": user, "save": ["code": "code"]],
            [
                "phone": phone, "do": "pair", "door": "koppelcode", "host": host, "user": user, "code": "$code",
                "approvals": .bool(paired["approvals"].bool ?? true),
            ],
            ["phone": phone, "do": "accept", "save": ["check_number": "check_number"]],
            ["server": server, "do": "confirm", "user": user, "check_number": "$check_number"],
            ["phone": phone, "do": "see", "expect": ["accounts": ["any": ["host": host, "user": user, "status": "active"]]]],
        ]
    }

    private func play(_ step: Value, _ place: String) async throws {
        let act = try Value.object(step.fields.filter { !["expect", "save", "note"].contains($0.key) }).filled(saved)
        let expected = try step["expect"].filled(saved)
        let answer: Value
        if let name = step["phone"].text {
            guard let phone = phones[name] else { throw Unexpected("no phone \(name)") }
            answer = act["do"].text == "see" ? try await see(phone, expected, place) : try await phone.does(act)
        } else {
            answer = try await stage.act(step["server"].text ?? "", act.fields)
        }
        if answer.fields["error"] != nil, expected.fields["error"] == nil { throw Unexpected("\(place) \(act): it failed: \(answer)") }
        if expected != .null, let wrong = expected.misfit(answer) { throw Unexpected("\(place) \(act): \(wrong) in \(answer)") }
        for (name, path) in step["save"].fields {
            let part = answer.part(path.text ?? "")
            if part == .null { throw Unexpected("\(place) \(act): no \(path) in \(answer)") }
            saved[name] = part
        }
    }

    private func see(_ phone: ScenarioPhone, _ expected: Value, _ place: String) async throws -> Value {
        let late = ContinuousClock.now + Self.patience
        while true {
            let state = try phone.state()
            guard let wrong = expected.misfit(state) else { return state }
            if ContinuousClock.now > late { throw Unexpected("\(place): never seen: \(wrong) in \(state)") }
            try await Task.sleep(for: .milliseconds(25))
        }
    }
}
