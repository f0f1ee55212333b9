import Foundation
import KoppelFFI

extension Invitation {
    /// What a QR code held, or a link that was opened or pasted.
    public static func link(_ text: String) -> Invitation { .link(uri: Data(text.utf8)) }

    /// A koppelcode as it was typed: any case, hyphens and spaces anywhere.
    public static func koppelcode(_ code: String, server: String, user: String) -> Invitation {
        .koppelcode(server: server, user: user, code: Data(code.utf8))
    }

    /// User name and password of the panel.
    public static func login(_ password: String, server: String, user: String) -> Invitation {
        .login(server: server, user: user, password: Data(password.utf8))
    }

    /// The address that the person must agree to before anything is sent there.
    ///
    /// - Throws: `invitationInvalid`, before any try is spent: with the place of the wrong symbol, where it is known.
    public func host() throws(KoppelError) -> String { try speaking { try hostOf(invitation: self) } }
}

// What hides something is neither printed nor dumped: `dump` would list short bytes one by one.

extension Invitation: CustomStringConvertible, CustomReflectable {
    public var description: String {
        switch self {
        case .link: "Invitation.link"
        case .koppelcode(let server, let user, _): "Invitation.koppelcode(\(server), \(user))"
        case .login(let server, let user, _): "Invitation.login(\(server), \(user))"
        }
    }

    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension ChallengeContent: CustomStringConvertible, CustomReflectable {
    public var description: String {
        switch self {
        case .code: "ChallengeContent.code"
        case .number: "ChallengeContent.number"
        case .confirmPairing(let name): "ChallengeContent.confirmPairing(\(name))"
        case .unlock: "ChallengeContent.unlock"
        case .unsupported: "ChallengeContent.unsupported"
        }
    }

    public var customMirror: Mirror { Mirror(self, children: []) }

    /// The digits of a code, for the one place that shows or speaks them.
    public var digits: String? {
        guard case .code(let ascii) = self else { return nil }
        return String(decoding: ascii, as: UTF8.self)
    }
}

extension SigningRequest: CustomStringConvertible, CustomReflectable {
    public var description: String { "SigningRequest(\(alias), \(title))" }
    public var customMirror: Mirror { Mirror(self, children: ["alias": alias, "title": title]) }
}
