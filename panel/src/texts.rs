//! Every sentence that a person reads, once a language. A sentence that one of them lacks does not compile.
//!
//! Tone: the polite form, short main clauses, no jargon. An error says what happened, whether anything was lost, and what
//! to do now.

macro_rules! texts {
    ($($name:ident: $dutch:literal, $english:literal;)*) => {
        /// The sentences of one language, named by where they stand.
        #[derive(Debug)]
        #[allow(missing_docs, reason = "a sentence explains itself")]
        pub struct Texts {
            $(pub $name: &'static str,)*
        }

        /// Nederlands.
        pub const NEDERLANDS: Texts = Texts { $($name: $dutch,)* };
        /// English.
        pub const ENGLISH: Texts = Texts { $($name: $english,)* };
    };
}

texts! {
    exchange: "Telefooncentrale De Linden", "De Linden Telephone Exchange";
    other_language: "English", "Nederlands";
    secured_by: "Beveiligd met Koppel", "Secured by Koppel";
    try_again: "Opnieuw proberen", "Try again";
    to_sign_in: "Naar inloggen", "Go to sign in";
    to_start: "Naar het begin", "Back to the start";
    password: "Wachtwoord", "Password";

    sign_in: "Inloggen", "Sign in";
    sign_in_lead: "Eerst uw wachtwoord, daarna vragen wij uw telefoon om bevestiging.",
        "First your password, then we ask your phone to confirm.";
    login_name: "Gebruikersnaam", "User name";
    signed_out: "U bent uitgelogd.", "You are signed out.";
    wrong_password: "Deze gebruikersnaam en dit wachtwoord horen niet bij elkaar. U bent niet ingelogd. Probeer het opnieuw.",
        "This user name and password do not belong together. You are not signed in. Try again.";
    too_many_tries: "Te vaak een verkeerd wachtwoord. U bent niet ingelogd. Wacht tien minuten en probeer het dan opnieuw.",
        "Too many wrong passwords. You are not signed in. Wait ten minutes, then try again.";
    stale_form: "Dit formulier was verlopen. Er is niets gewijzigd. Vul het opnieuw in.",
        "This form had expired. Nothing was changed. Fill it in again.";

    not_in: "U bent niet ingelogd", "You are not signed in";
    unavailable: "De controle van uw telefoon is nu niet bereikbaar. Er is niets verloren gegaan. Probeer het over een ogenblik opnieuw.",
        "Checking your phone is not possible right now. Nothing was lost. Try again in a moment.";
    out_of_order: "Er ging bij ons iets mis. Er is niets gewijzigd. Probeer het over een ogenblik opnieuw.",
        "Something went wrong on our side. Nothing was changed. Try again in a moment.";
    cancelled: "U heeft het bevestigen afgebroken.", "You stopped confirming.";
    took_long: "U bent langer dan twee minuten op de andere pagina geweest. Wat u daar deed, is bewaard; hier is het niet bevestigd.",
        "You were on the other page for more than two minutes. What you did there is kept; here it was not confirmed.";
    foreign: "Deze terugkeer hoort niet bij een inlogpoging in deze browser. Heeft iemand u een adres gestuurd? Gebruik het niet. Log zelf in.",
        "This does not belong to a sign-in that began in this browser. Did somebody send you an address? Do not use it. Sign in yourself.";
    expired: "Het inloggen duurde te lang. Begin opnieuw.", "Signing in took too long. Start again.";
    refused: "Uw telefoon heeft dit niet bevestigd. Probeer het opnieuw, of bel onze klantenservice.",
        "Your phone did not confirm this. Try again, or call our support desk.";
    not_set_up: "Zonder tweede stap laten wij u hier niet binnen. Probeer het opnieuw en stel die stap in.",
        "Without a second step we do not let you in here. Try again and set it up.";
    locked: "Uw account is vergrendeld, omdat iemand “Dit was ik niet” heeft gemeld. Ontgrendel het met de telefoon waarop dat gebeurde, of bel onze klantenservice.",
        "Your account is locked, because somebody reported “This was not me”. Unlock it with the phone on which that was done, or call our support desk.";
    wait: "U heeft dit te vaak geprobeerd. Wacht even en probeer het dan opnieuw.",
        "You tried this too often. Wait a while, then try again.";
    denied: "De bevestiging klopt niet met wat wij hebben gevraagd. Wij laten daarmee niemand binnen. Log opnieuw in. Gebeurt het weer, bel dan onze klantenservice.",
        "The confirmation does not match what we asked for. We let nobody in with it. Sign in again. If it happens again, call our support desk.";
    signature_required: "Wij laten u alleen binnen als een telefoon die wij kennen het inloggen zelf ondertekent. Log opnieuw in en keur het goed op die telefoon. Lukt dat niet, bel dan onze klantenservice.",
        "We let you in only when a phone that we know signs the login itself. Sign in again and approve it on that phone. If you cannot, call our support desk.";
    lost_page: "Deze pagina bestaat niet", "This page does not exist";
    lost_page_text: "Misschien is het adres verkeerd overgenomen.", "Perhaps the address was copied wrongly.";

    welcome: "Welkom", "Welcome";
    extension: "Toestel", "Extension";
    sign_out: "Uitloggen", "Sign out";
    security: "Beveiliging", "Security";
    behind: "Wat staat er achter dit inloggen?", "What stands behind this login?";
    phone_title: "De handtekening van uw telefoon", "Your phone's signature";
    phone_text: "Uw telefoon heeft dit inloggen zelf ondertekend. Wij hebben die handtekening zelf nagerekend.",
        "Your phone signed this login itself. We checked that signature ourselves.";
    phone_first: "Dit is de eerste sleutel die wij van u kennen. Vanaf nu vergelijken wij elke handtekening ermee.",
        "This is the first key of yours that we know. From now on we compare every signature with it.";
    phone_endorsed: "Deze sleutel is nieuw. Een telefoon die wij al kenden, heeft ervoor getekend.",
        "This key is new. A phone that we knew already signed for it.";
    password_title: "Alleen uw wachtwoord", "Your password alone";
    password_text: "U heeft nog geen tweede stap ingesteld. Dat kan de volgende keer dat u inlogt.",
        "You have not set up a second step yet. You can do so the next time you sign in.";
    server_title: "Het woord van de server", "The server's word";
    server_text: "De server zegt dat uw code klopte. Uw telefoon heeft daarbij niets ondertekend.",
        "The server says that your code was right. Your phone signed nothing.";
    server_unknown: "Een telefoon heeft getekend met een sleutel die wij niet kennen, en geen telefoon die wij wel kennen staat ervoor in. Is dit geen nieuwe telefoon van u? Bel onze klantenservice.",
        "A phone signed with a key that we do not know, and no phone that we do know vouches for it. Is this not a new phone of yours? Call our support desk.";
    phone: "Telefoon", "Phone";
    key: "Sleutel", "Key";
    known_since: "Bekend sinds", "Known since";
    guarded_by: "Ontgrendeld met", "Unlocked with";
    uv_pin: "pincode", "PIN";
    uv_credential: "toestelcode", "screen lock";
    uv_biometric: "vinger of gezicht", "finger or face";
    uv_none: "niets", "nothing";
    vouched_by: "Wie staat ervoor in?", "Who vouches for it?";
    origin_first: "niemand, het was de eerste", "nobody, it was the first";
    origin_endorsed: "een telefoon die wij al kenden", "a phone that we knew already";
    origin_accepted: "onze beheerder", "our operator";
    origin_waiting: "niemand", "nobody";

    known_phones: "Telefoons waarvan wij de handtekening kennen", "Phones whose signature we know";
    no_known_phones: "Nog geen. Zodra u een inlogverzoek op uw telefoon goedkeurt, staat hij hier.",
        "None yet. As soon as you approve a login on your phone, it is listed here.";
    couple: "2FA instellingen", "2FA settings";
    couple_lead: "Methoden en telefoons toevoegen, veranderen of verwijderen. Wij vragen eerst uw wachtwoord nog eens.",
        "Add, change or remove methods and phones. We ask for your password again first.";
    wrong_password_again: "Dit wachtwoord klopt niet. Er is niets gewijzigd. Probeer het opnieuw.",
        "This password is not right. Nothing was changed. Try again.";
    coupled: "Uw 2FA instellingen zijn bijgewerkt.", "Your 2FA settings are up to date.";
    not_changed: "Er is niets gewijzigd", "Nothing was changed";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sentence_was_left_in_the_other_language() {
        let (dutch, english) = (format!("{NEDERLANDS:?}"), format!("{ENGLISH:?}"));
        assert!(!english.contains("telefoon") && !dutch.contains(" the "));
    }
}
