import Foundation
import Testing

/// The scenarios of `tests/scenarios`, each played by `ScenarioPlay` in a process of its own: what one holds up holds up no other.
/// `KOPPEL_SCENARIO=NAME` plays one.
@Suite("Scenarios")
struct ScenarioTests {
    @Test("played to its end", arguments: Scenario.all)
    func play(_ scenario: Scenario) async throws {
        await Seats.shared.take(first: scenario.waitsLong)
        let wrong = await ending(of: scenario)
        await Seats.shared.give()
        #expect(wrong == nil)
    }

    @Test("there are scenarios")
    func some() { #expect(!Scenario.all.isEmpty) }

    /// What went wrong; none when nothing did.
    private func ending(of scenario: Scenario) async -> String? {
        let said = FileManager.default.temporaryDirectory.appendingPathComponent("koppel-scenario-\(UUID()).log")
        defer { try? FileManager.default.removeItem(at: said) }
        do {
            let status = try await run(scenario, into: said)
            return status == 0 ? nil : "\(status): \(try String(contentsOf: said, encoding: .utf8))"
        } catch {
            return "\(error)"
        }
    }

    private func run(_ scenario: Scenario, into said: URL) async throws -> Int32 {
        try Data().write(to: said)
        let log = try FileHandle(forWritingTo: said)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("ScenarioPlay")
        process.arguments = [scenario.file.path]
        (process.standardOutput, process.standardError) = (log, log)
        let late = Task {
            try await Task.sleep(for: .seconds(300))
            try? log.write(contentsOf: Data("it came to no end".utf8))
            process.terminate()
        }
        defer { late.cancel() }
        return try await withCheckedThrowingContinuation { ended in
            process.terminationHandler = { ended.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                ended.resume(throwing: error)
            }
        }
    }
}

struct Scenario: Sendable, CustomTestStringConvertible {
    let file: URL
    let waitsLong: Bool
    var testDescription: String { file.deletingPathExtension().lastPathComponent }

    /// What waits long comes first.
    static let all: [Scenario] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../../tests/scenarios")
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        let wanted = ProcessInfo.processInfo.environment["KOPPEL_SCENARIO"]
        let scenarios = files.filter { $0.pathExtension == "json" }.map { file in
            let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
            return Scenario(file: file, waitsLong: text.contains("in real time"))
        }
        let played = scenarios.filter { wanted == nil || $0.testDescription == wanted }.sorted { $0.file.path < $1.file.path }
        return played.filter(\.waitsLong) + played.filter { !$0.waitsLong }
    }()
}

/// So many at once: most of a scenario is waiting.
private actor Seats {
    static let shared = Seats()
    private var free = 6
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take(first: Bool) async {
        if free > 0 {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.insert($0, at: first ? 0 : waiting.count) }
    }

    func give() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
