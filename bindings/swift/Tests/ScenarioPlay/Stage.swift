import Foundation

/// `koppel-stage` as a process: servers, panel, browser, desk and network. Ends when its standard input does.
final class Stage: @unchecked Sendable {
    private let process = Process()
    private let (acts, answers) = (Pipe(), Pipe())
    private var received = Data()

    init() throws {
        process.executableURL = URL(fileURLWithPath: "\(ProcessInfo.processInfo.environment["KOPPEL_BIN_DIR"] ?? ".")/koppel-stage")
        process.standardInput = acts
        process.standardOutput = answers
        try process.run()
    }

    /// One act, and what came of it. Waits on a thread of its own: those of Swift's are few, and the phones need them.
    func act(_ server: String, _ act: [String: Value]) async throws -> Value {
        let line = try JSONEncoder().encode(act.merging(["server": .text(server)]) { $1 }) + Data("\n".utf8)
        let said = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try self.exchange(line) }) }
        }
        if let failure = said["failure"].text { throw Unexpected(failure) }
        return said["answer"]
    }

    private func exchange(_ line: Data) throws -> Value {
        try acts.fileHandleForWriting.write(contentsOf: line)
        while true {
            if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                defer { received = Data(received[(end + 1)...]) }
                return try JSONDecoder().decode(Value.self, from: Data(received[..<end]))
            }
            let more = answers.fileHandleForReading.availableData
            if more.isEmpty { throw Unexpected("the stage ended") }
            received += more
        }
    }
}
