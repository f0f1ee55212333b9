// Opens a companion and says what came of it; for a process of its own.

import Foundation
import Koppel
import KoppelNotification
import KoppelTesting

let secrets = MemorySecrets()
let folder = FileManager.default.temporaryDirectory.appendingPathComponent("koppel-once-\(UUID())")
do throws(KoppelError) {
    let client = try await KoppelClient.open(folder, platform: Platform(secrets: secrets, keys: SoftwareKeys(secrets: secrets)))
    await client.stop()
    print("opened")
} catch {
    print("\(error.why ?? ""): \(error.advice)")
}
do {
    _ = try PushPreview(envelope: Data(count: 2150)) { _ in Data(count: 3) }
} catch {
    print("preview: \(error)")
}
