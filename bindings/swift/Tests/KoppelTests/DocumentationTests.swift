import Examples
import Foundation
import Koppel
import Testing

@Suite("Documentation")
struct DocumentationTests {
    static let pages =
        ["README.md", "../../docs/embed-app.md"]
        + ["Koppel", "Pairing", "Answering", "Notifications"].map { "Sources/Koppel/Koppel.docc/\($0).md" }

    /// Code on a page that nobody compiles goes stale.
    @Test("code on the pages is code of the examples", arguments: pages)
    func articles(page: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
        func lines(_ file: String) throws -> [String] {
            try String(contentsOf: root.appendingPathComponent(file), encoding: .utf8).components(separatedBy: "\n").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
        }
        let examples = try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent("Examples").path)
        let compiled = Set(try examples.flatMap { try lines("Examples/\($0)") })
        var (inside, seen) = (false, 0)
        for line in try lines(page) {
            if line.hasPrefix("```") {
                inside = line == "```swift"
                continue
            }
            guard inside, !line.isEmpty else { continue }
            seen += 1
            #expect(compiled.contains(line), "\(page): \(line)")
        }
        #expect(seen > 0, "\(page) has no code")
    }

    @Test("the program of the first page pairs and answers a login")
    func fromScratch() async throws {
        let server = try await RealServer.shared()
        try await server.user("d-anna")
        let link = try await server.link("d-anna")
        let login = Slot<RealServer.Login>()
        let mistyped = Slot<Bool>()
        let (said, say) = AsyncStream.makeStream(of: String.self)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("koppel-scratch-\(UUID())")
        let program = Task {
            try await Examples.fromScratch(in: folder) { said in
                say.yield(said)
            } ask: { question in
                if question.hasPrefix("Plak") { return link }
                guard question.hasPrefix("Welk"), let number = login.value?.number else { return "ja" }
                // Mistyped at first.
                defer { mistyped.value = true }
                return mistyped.value == nil ? String(number.map { $0 == "9" ? "0" : "9" }) : number
            }
            say.finish()
        }
        var sentences: [String] = []
        for await sentence in said {
            sentences.append(sentence)
            guard sentence.hasPrefix("Typ dit getal") else { continue }
            try await server.confirm("d-anna", String(sentence.suffix(6)))
            login.value = try await server.challenge("d-anna", "number")
        }
        try await program.value
        #expect(sentences.dropFirst() == ["Dat getal is niet goed", "Ga terug naar uw browser"])
        #expect(try await server.state(of: #require(login.value)) == "approved")
    }

    @Test("a mistyped koppelcode is said with its place")
    func koppelcode() {
        func read(_ typed: String, _ server: String) -> String { Examples.readKoppelcode(typed, server: server, user: "anna") }
        #expect(read("0000-0000-0", "koppel.example.org") == "Koppelen met koppel.example.org?")
        #expect(read("00u0-0000-0", "koppel.example.org") == "Teken 3 van de koppelcode klopt niet")
        #expect(read("0000-0000-1", "koppel.example.org") == "De koppelcode klopt niet")
        #expect(read("0000-0000-0", "http://example.org") == "Dat serveradres klopt niet")
    }

    @Test("a scanned code is kept or its fault is said")
    func codes() async throws {
        try await with(TestPhone()) { phone in
            let client = phone.client!
            let kept = try await Examples.addScannedCodes(client, "otpauth://totp/GitHub:jan?secret=JBSWY3DPEHPK3PXP")
            #expect(kept == "Bewaard: 1, niet bewaard: 0")
            let counts = try await Examples.addScannedCodes(client, "otpauth://hotp/x?secret=JBSWY3DP")
            #expect(counts == "Deze code werkt met een teller; dat kan hier niet")
            let nothing = try await Examples.addScannedCodes(client, "https://example.org")
            #expect(nothing == "Scan de QR-code van de dienst opnieuw")
            let (seen, see) = AsyncStream.makeStream(of: [String].self)
            let screen = Task { await Examples.showCodes(client) { see.yield($0) } }
            let shown = await seen.first { _ in true }
            #expect(shown?.first?.hasPrefix("GitHub: ") == true)
            screen.cancel()
            await screen.value
        }
    }

    @Test("a login is asked about once, and the question taken away when it is over")
    func questions() async throws {
        let server = try await RealServer.shared()
        try await with(TestPhone()) { phone in
            try await phone.pair(with: server, "d-bert")
            phone.disconnect()
            let client = phone.client!
            let (asked, ask) = AsyncStream.makeStream(of: ChallengeId.self)
            let (takenAway, takeAway) = AsyncStream.makeStream(of: ChallengeId.self)
            let screen = Task {
                await Examples.askAsTheyCome(client, render: { _ in }) { login in
                    ask.yield(login.id)
                    try? await Task.sleep(for: .seconds(60))
                    takeAway.yield(login.id)
                }
                ask.finish()
            }
            var (asking, takingAway) = (asked.makeAsyncIterator(), takenAway.makeAsyncIterator())
            _ = try await server.challenge("d-bert", "number")
            let first = try #require(await asking.next())
            #expect(try await client.show(first) == .number)
            try await client.deny(first, reason: .mistake)
            #expect(await takingAway.next() == first)
            _ = try await server.challenge("d-bert", "code")
            let second = try #require(await asking.next())
            #expect(second != first)
            screen.cancel()
            await screen.value
            #expect(await takingAway.next() == second)
            #expect(await asking.next() == nil, "each once")
        }
    }
}

/// One value that two tasks share.
private final class Slot<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var held: Value?
    var value: Value? {
        get { lock.withLock { held } }
        set { lock.withLock { held = newValue } }
    }
}
