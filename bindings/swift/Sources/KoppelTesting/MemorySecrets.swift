import Foundation
import Koppel

/// Secrets that live as long as the object: for tests, and for trying things out.
public final class MemorySecrets: SecretStore, @unchecked Sendable {
    // Everything below is read and changed under this lock.
    private let lock = NSLock()
    private var secrets: [String: Data] = [:]

    public init() {}

    public func get(_ name: String) throws -> Data? { lock.withLock { secrets[name] } }
    public func set(_ name: String, to secret: Data) throws { lock.withLock { secrets[name] = secret } }
    public func delete(_ name: String) throws { _ = lock.withLock { secrets.removeValue(forKey: name) } }
    public func names() throws -> [String] { lock.withLock { secrets.keys.sorted() } }
}

extension MemorySecrets: CustomStringConvertible, CustomReflectable {
    public var description: String { "MemorySecrets(\(lock.withLock { secrets.count }) secrets)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
