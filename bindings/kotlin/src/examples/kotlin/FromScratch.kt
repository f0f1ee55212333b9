package nl.koppel.examples

import java.nio.file.Path
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import nl.koppel.*
import nl.koppel.jvm.JvmKeys
import nl.koppel.jvm.MemorySecrets

/** From an empty app to a login that was answered: [say] shows, [ask] lets the person type. */
suspend fun fromScratch(folder: Path, say: (String) -> Unit, ask: suspend (String) -> String): Unit = coroutineScope {
    // What the phone has. An Android app brings its Keystore and its prompt instead.
    val secrets = MemorySecrets()
    val keys = JvmKeys(secrets)
    val prompt = keys.signer { request -> ask("Ondertekenen voor ${request.title}? (ja/nee)") == "ja" }
    val client = KoppelClient.open(folder, Platform(secrets, keys, DeviceKind.ANDROID))

    // Connected for as long as the app is on screen.
    val online = launch { client.stayConnected() }
    try {
        // The person agrees to the host before anything is sent there, and to the account before anything is bound.
        val invitation = Invitation.link(ask("Plak de link van uw scherm"))
        if (ask("Koppelen met ${invitation.host}? (ja/nee)") != "ja") return@coroutineScope
        val offer = client.pair(invitation, deviceName = "Mijn telefoon")
        if (ask("Klopt dit: ${offer.organisation}, account ${offer.user}? (ja/nee)") != "ja") return@coroutineScope offer.decline()
        val account = offer.accept(prompt)

        // Each picture of the state, until a login was let in. What was said is not said again.
        val said = mutableSetOf<Any>()
        client.state.first { state ->
            val status = state.account(account)?.status
            if (status is AccountStatus.AwaitingConfirmation && said.add(status)) say("Typ dit getal op uw scherm: ${status.checkNumber}")
            state.challenges.find { said.add(it.id to it.seq) }?.let { answer(client, it, prompt, say, ask) }
            state.ended.any { it.how == ChallengeEnd.APPROVED || it.how == ChallengeEnd.CONSUMED }
        }
        say("Ga terug naar uw browser")
    } finally {
        online.cancel()
        client.stop()
    }
}

/** Shows the code of a login, or asks for its number until that is right or the login is over. */
private suspend fun answer(client: KoppelClient, login: Challenge, prompt: ApprovalSigner, say: (String) -> Unit, ask: suspend (String) -> String) {
    try {
        val content = client.show(login.id)
        if (content is ChallengeContent.Code) say("Uw code voor ${login.organisation}: ${content.digits}")
        if (content != ChallengeContent.Number) return
        do {
            val outcome = client.approve(login.id, number = ask("Welk getal staat er op uw scherm?"), signer = prompt)
            if (outcome is Outcome.WrongNumber) say("Dat getal is niet goed")
        } while (outcome is Outcome.WrongNumber && outcome.left > 0u)
    } catch (over: KoppelException) {
        say("Dit verzoek is voorbij (${over.advice})")
    }
}

fun main(): Unit = runBlocking {
    fromScratch(Path.of("phone"), say = ::println, ask = { question -> println(question); readln() })
}
