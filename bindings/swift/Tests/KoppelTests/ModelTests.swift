import Foundation
import Koppel
import Observation
import Testing

@Suite("Model")
struct ModelTests {
    @MainActor
    @Test("a view that reads the state is told when it changed")
    func observed() async throws {
        let server = try await RealServer.shared()
        let phone = try await TestPhone().start()
        let model = KoppelModel(phone.client)
        #expect(model.state.accounts.isEmpty)
        let following = Task { await model.follow() }
        let (changes, change) = AsyncStream.makeStream(of: Void.self)
        withObservationTracking {
            _ = model.state
        } onChange: {
            change.yield()
        }
        let account = try await phone.pair(with: server, "m-anna")
        for await _ in changes { break }
        while model.state.account(account)?.status != .active { await Task.yield() }
        following.cancel()
        await following.value
        await phone.stop()
    }
}
