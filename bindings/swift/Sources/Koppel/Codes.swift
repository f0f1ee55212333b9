import Foundation
import KoppelFFI

extension KoppelClient {
    // MARK: Codes of other services

    /// The codes of other services, for the screen that shows them: the list at once, and again when a code was followed by the next or the accounts
    /// changed. Each stream is a look of its own. Ends when the client is stopped, when the task is cancelled, and when nobody holds the stream any
    /// more. No code is ever in ``state``.
    public var codes: AsyncStream<[OtpCode]> {
        guard let codes = try? raw.watchCodes() else { return AsyncStream { $0.finish() } }
        return AsyncStream {
            try? await codes.next()
        } onCancel: {
            codes.stop()
        }
    }

    /// Keeps the account of an `otpauth://` link; the same one twice is kept once. Returns when it is on disk.
    ///
    /// - Parameter uri: what the QR code held, in UTF-8.
    /// - Throws: `codeInvalid`, and nothing is kept: `why` says what the person can do; `otp-several` for an export, which is for ``addCodes(_:)``.
    ///   `notAvailable`: `too-many-codes`, and it is not kept; `folder-unwritable`, and it is kept in memory and written again by
    ///   itself: look at ``codes`` before you add it anew.
    @discardableResult
    public func addCode(_ uri: Data) async throws(KoppelError) -> OtpId {
        let raw = raw
        return try await toTheEnd { try await raw.addCode(uri: uri) }
    }

    /// Keeps an account that was typed by hand.
    ///
    /// - Parameters:
    ///   - issuer: the service; may be empty when `name` is not.
    ///   - name: the person's name there.
    ///   - secret: in base32 as the service shows it: any case, spaces anywhere.
    /// - Throws: `codeInvalid`, with the place of a wrong character. `notAvailable` as of ``addCode(_:)``.
    @discardableResult
    public func addCode(issuer: String, name: String, secret: Data) async throws(KoppelError) -> OtpId {
        let raw = raw
        return try await toTheEnd { try await raw.addTypedCode(issuer: issuer, name: name, secret: secret) }
    }

    /// Keeps whatever a scanned QR code holds: one account, or those that another authenticator exports. What gives no codes here is told one by one
    /// and keeps nothing else out; of an export in several parts, each is scanned by itself.
    ///
    /// - Parameter uri: what the QR code held, in UTF-8.
    /// - Throws: `codeInvalid`: nothing in it can be read. `notAvailable`: `too-many-codes`, and none is kept; `folder-unwritable`, and they
    ///   are kept in memory and written again by itself.
    public func addCodes(_ uri: Data) async throws(KoppelError) -> AddedCodes {
        let raw = raw
        return try await toTheEnd { try await raw.addCodes(uri: uri) }
    }

    /// Gives a code another label, on this phone only: 1 to 64 characters that show.
    ///
    /// - Throws: `invitationInvalid` (`name-invalid`). `notAvailable`: `no-such-code`; `folder-unwritable`, as of ``moveCode(_:to:)``.
    public func renameCode(_ id: OtpId, to label: String) async throws(KoppelError) {
        let raw = raw
        try await toTheEnd { try await raw.renameCode(id: id, label: label) }
    }

    /// Moves a code to a place in the list, counted from 0; behind the last one where there is no such place.
    ///
    /// - Throws: `notAvailable`: `no-such-code`; `folder-unwritable`, and it is so in memory and written again by itself.
    public func moveCode(_ id: OtpId, to place: Int) async throws(KoppelError) {
        let raw = raw
        try await toTheEnd { try await raw.moveCode(id: id, place: UInt32(clamping: place)) }
    }

    /// Forgets a code, its secret too. Ask first: the service goes on asking for it until that is changed there.
    ///
    /// - Throws: `notAvailable`: `no-such-code`; `folder-unwritable`, as of ``moveCode(_:to:)``, and until then the secret is still on disk.
    public func removeCode(_ id: OtpId) async throws(KoppelError) {
        let raw = raw
        try await toTheEnd { try await raw.removeCode(id: id) }
    }
}

extension OtpCode: CustomStringConvertible, CustomReflectable {
    public var description: String { "OtpCode(\(label))" }
    public var customMirror: Mirror { Mirror(self, children: ["id": id, "label": label]) }

    /// The digits that count now, for the one place that shows, copies or speaks them.
    public var digits: String { String(decoding: ascii, as: UTF8.self) }

    /// The digits that count after `until`.
    public var nextDigits: String { String(decoding: nextAscii, as: UTF8.self) }
}
