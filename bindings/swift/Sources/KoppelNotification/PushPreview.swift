import Foundation
import KoppelFFI

/// Whom an envelope is from and what it is about. Never a code.
public typealias PushPreview = KoppelFFI.PushPreview
public typealias PushSubject = KoppelFFI.PushSubject
public typealias AccountId = KoppelFFI.AccountId
public typealias ChallengeId = KoppelFFI.ChallengeId
public typealias NoticeId = KoppelFFI.NoticeId

/// Why there is no preview: say no more than that there is something.
public enum PreviewError: Error, Hashable, Sendable {
    /// There is no item yet, or the store could not be read: nothing was paired, or the phone was not unlocked yet.
    case noItem
    /// The envelope is not for an account of this phone. Show nothing of it.
    case notForThisPhone
    /// The app that wrote the item is newer than this extension.
    case updateRequired
    /// The item cannot be read. The app writes it anew when it runs.
    case damaged
    /// The extension is not built right: library and package are of different versions.
    case libraryVersion
}

extension PushPreview {
    /// The name of the one item that a preview needs: a keychain item that app and extension share, readable after the first unlock. The app keeps it up
    /// to date.
    public static var itemName: String { uniffiIsOfThisVersion() ? previewItemName() : "" }

    /// Opens an envelope. Reads that one item, writes nothing, starts nothing; quick, on the caller's thread.
    ///
    /// - Parameter item: reads an item of the keychain by its name; none when there is none.
    public init(envelope: Data, item: (String) throws -> Data?) throws(PreviewError) {
        guard uniffiIsOfThisVersion() else { throw .libraryVersion }
        guard let bytes = try? item(previewItemName()) else { throw .noItem }
        do {
            self = try previewPush(envelope: envelope, item: bytes)
        } catch {
            throw switch error {
            case KoppelError.UpdateRequired: .updateRequired
            case KoppelError.NotAvailable: .notForThisPhone
            default: .damaged
            }
        }
    }
}
