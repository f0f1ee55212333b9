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
        await Seats.shared.give(back: scenario)
        #expect(wrong == nil)
    }

    @Test("none was skipped", .enabled(if: Scenario.wanted == nil), .timeLimit(.minutes(20)))
    func all() async throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Scenario.folder.path).filter { $0.hasSuffix(".json") }
        #expect(!files.isEmpty)
        #expect(await Seats.shared.played(files.count) == Set(files.map { String($0.dropLast(5)) }))
    }

    /// What went wrong; none when nothing did.
    private func ending(of scenario: Scenario) async -> String? {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("koppel-scenario-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let said = folder.appendingPathComponent("log")
            let status = try await run(scenario, in: folder, into: said)
            return status == 0 ? nil : "\(status): \(try String(contentsOf: said, encoding: .utf8))"
        } catch {
            return "\(error)"
        }
    }

    /// Has a thread of its own: those of Swift's pool may be what is held up.
    private static let guardian = DispatchQueue(label: "guards the scenarios")

    private func run(_ scenario: Scenario, in folder: URL, into said: URL) async throws -> Int32 {
        try Data().write(to: said)
        let log = try FileHandle(forWritingTo: said)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("ScenarioPlay")
        process.arguments = [scenario.file.path, folder.path]
        (process.standardOutput, process.standardError) = (log, log)
        let late = DispatchWorkItem {
            try? log.write(contentsOf: Data("it came to no end".utf8))
            process.terminate()
        }
        Self.guardian.asyncAfter(deadline: .now() + 300, execute: late)
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

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../../tests/scenarios")
    static let wanted = ProcessInfo.processInfo.environment["KOPPEL_SCENARIO"]

    /// What waits long comes first.
    static let all: [Scenario] = {
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
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
    private var ended: Set<String> = []
    private var counting: (Int, CheckedContinuation<Void, Never>)?

    func take(first: Bool) async {
        if free > 0 {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.insert($0, at: first ? 0 : waiting.count) }
    }

    func give(back scenario: Scenario) {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
        ended.insert(scenario.testDescription)
        guard let (count, counter) = counting, ended.count >= count else { return }
        counting = nil
        counter.resume()
    }

    /// The names of those that came to an end, when so many did.
    func played(_ count: Int) async -> Set<String> {
        if ended.count < count { await withCheckedContinuation { counting = (count, $0) } }
        return ended
    }
}
