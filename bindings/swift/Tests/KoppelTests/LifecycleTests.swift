import Foundation
import Koppel
import Testing

/// What is begun and ended ten thousand times leaves nothing behind. A leak grows in every round; what is merely warmed up does not.
@Suite("Life-cycle", .serialized)
struct LifecycleTests {
    private func residentKiB() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        return Int(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }?.filter(\.isNumber) ?? "") ?? 0
    }

    private func threads() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count }

    /// Does something in rounds, and sees that not every one of them made the process bigger.
    private func leavesNothing(_ times: Int = 10_000, _ what: () async throws -> Void) async throws {
        var grown: [Int] = []
        for _ in 0..<5 {
            let before = try residentKiB()
            for _ in 0..<times / 5 { try await what() }
            grown.append(try residentKiB() - before)
        }
        // 256 bytes a time would be this much; other tests run beside it.
        let leak = times / 5 * 256 / 1024
        #expect(grown.dropFirst().contains { $0 < leak }, "grew by \(grown) KiB")
        #expect(try threads() < 128)
    }

    @Test("ten thousand looks at the state")
    func looks() async throws {
        try await with(TestPhone()) { phone in
            try await leavesNothing {
                var states = phone.client.states.makeAsyncIterator()
                #expect(await states.next() != nil)
            }
        }
    }

    @Test("ten thousand cancelled looks")
    func cancelledLooks() async throws {
        try await with(TestPhone()) { phone in
            let client = phone.client!
            try await leavesNothing {
                let (seen, see) = AsyncStream.makeStream(of: Void.self)
                let look = Task {
                    for await _ in client.states { see.yield() }
                }
                _ = await seen.first { _ in true }
                look.cancel()
                await look.value
            }
        }
    }

    @Test("ten thousand cancelled calls")
    func cancelledCalls() async throws {
        try await with(TestPhone()) { phone in
            let client = phone.client!
            try await leavesNothing {
                let online = Task { try await client.stayConnected() }
                if Bool.random() { await Task.yield() }
                online.cancel()
                try await online.value
            }
        }
    }

    @Test("a hundred openings and endings of one folder")
    func openings() async throws {
        let phone = TestPhone()
        weak var last: KoppelClient?
        var looks: [AsyncStream<KoppelState>] = []
        for _ in 0..<100 {
            let client = try await KoppelClient.open(phone.folder, platform: phone.platform)
            last = client
            // Whoever still looks at the one before does not get it back.
            try await client.refresh()
            looks.append(client.states)
            await client.stop()
        }
        #expect(last == nil)
        #expect(looks.count == 100)
    }

    @Test("whoever waits when the companion ends is told")
    func waiting() async throws {
        let phone = try await TestPhone().start()
        let client = phone.client!
        let online = Task { await failure { () async throws(KoppelError) in try await client.stayConnected() } }
        let looking = Task {
            var count = 0
            for await _ in client.states { count += 1 }
            return count
        }
        try await Task.sleep(for: .milliseconds(100))
        await client.stop()
        #expect(await online.value?.kind == "stopped")
        #expect(await looking.value >= 1)
    }

    @Test("a cancelled connection is gone")
    func disconnected() async throws {
        let server = try await RealServer.shared()
        try await with(TestPhone()) { phone in
            let account = try await phone.pair(with: server, "l-anna")
            try await phone.state("live") { $0.account(account)?.connection == .live }
            phone.disconnect()
            try await phone.state("offline") { $0.account(account)?.connection == .offline }
        }
    }
}
