import Foundation
import Koppel
import KoppelNotification
import Testing

/// What a notification extension finds.
@Suite("Preview")
struct PreviewTests {
    @Test("an iPhone keeps the item, other phones do not")
    func item() async throws {
        let server = try await RealServer.shared()
        let phone = TestPhone(kind: .ios)
        try await with(phone) { try await $0.pair(with: server, "n-anna") }
        #expect(try phone.secrets.get(PushPreview.itemName) != nil)
        #expect(throws: PreviewError.notForThisPhone) { try PushPreview(envelope: Data(count: 2150), item: phone.secrets.get) }
        let other = TestPhone(kind: .android)
        try await with(other) { try await $0.pair(with: server, "n-bram") }
        #expect(throws: PreviewError.noItem) { try PushPreview(envelope: Data(count: 2150), item: other.secrets.get) }
    }

    @Test("a removed account leaves the item")
    func removed() async throws {
        let server = try await RealServer.shared()
        let phone = TestPhone(kind: .ios)
        func size() throws -> Int { try phone.secrets.get(PushPreview.itemName)?.count ?? 0 }
        try await with(phone) { phone in
            let account = try await phone.pair(with: server, "n-carla")
            while try size() < 200 { await Task.yield() }
            try await phone.client.remove(account)
            try await phone.state("removed") { $0.accounts.isEmpty }
        }
        #expect(try size() < 200)
    }

    @Test("bytes that are no item are said to be damaged, and later ones to be later")
    func damaged() {
        let envelope = Data(count: 2150)
        #expect(throws: PreviewError.damaged) { try PushPreview(envelope: envelope) { _ in Data(count: 3) } }
        #expect(throws: PreviewError.updateRequired) { try PushPreview(envelope: envelope) { _ in Data(#"{"version":2}"#.utf8) } }
        #expect(throws: PreviewError.noItem) { try PushPreview(envelope: envelope) { _ in nil } }
        #expect(throws: PreviewError.noItem) { try PushPreview(envelope: envelope) { _ in throw PlatformError.locked } }
    }
}
