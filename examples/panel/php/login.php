<?php // A login with Koppel as its second factor: php -S 127.0.0.1:8000 login.php
// KOPPEL_URL: your Koppel server · KOPPEL_KEY: a key with scope `verify` · APP_URL: this address; APP_URL/2fa is a registered return URL
declare(strict_types=1);
const USERS = ['jansen' => '4711']; // Your own users, each with an id that never changes. Koppel is told that id, never what was typed.
// Lax, not Strict: the browser comes back from another site, and is to bring its session along.
session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax', 'use_strict_mode' => true, 'cookie_secure' => str_starts_with(getenv('APP_URL'), 'https:')]);

function page(string $text, int $status = 200): never
{
    http_response_code($status);
    exit("<!doctype html><html lang=en><title>Example</title><main><h1>Example</h1><p>$text</p></main></html>");
}

function b64u(string $bytes): string { return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '='); }
function same(mixed $sent, mixed $ours): bool { return is_string($ours) && is_string($sent) && hash_equals($ours, $sent); }

/** Asks Koppel. Null unless it answered with exactly this status: whatever else happens, nobody gets in. */
function koppel(string $path, int $expected, string $once, array $body): ?array
{
    $header = ['Authorization: Bearer ' . getenv('KOPPEL_KEY'), 'Content-Type: application/json', "Idempotency-Key: $once"];
    $request = ['method' => 'POST', 'header' => $header, 'content' => json_encode($body), 'timeout' => 10, 'follow_location' => 0, 'ignore_errors' => true];
    $answer = @file_get_contents(getenv('KOPPEL_URL') . $path, false, stream_context_create(['http' => $request]));
    $status = (int) (explode(' ', $http_response_header[0] ?? '')[1] ?? 0);
    return $answer !== false && $status === $expected ? json_decode($answer, true) : null;
}

switch ($_SERVER['REQUEST_METHOD'] . ' ' . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
    case 'GET /':
        page(htmlspecialchars($_SESSION['user'] ?? 'Nobody') . ' is in. <a href="/sign-in">Sign in</a>');
    case 'GET /sign-in':
        $_SESSION['form'] ??= b64u(random_bytes(16));
        page("<form method=post><input type=hidden name=form value=\"{$_SESSION['form']}\"><input name=login_name aria-label=Name required>
            <input name=password type=password aria-label=Password required> <button>Sign in</button></form>");
    case 'POST /sign-in': // Your own check of the password stands here.
        [$name, $right] = [(string) ($_POST['login_name'] ?? ''), same($_POST['password'] ?? '', getenv('PASSWORD'))];
        if (!same($_POST['form'] ?? '', $_SESSION['form'] ?? null) || !$right || !isset(USERS[$name])) page('Wrong name or password. <a href="/sign-in">Again</a>', 403);
        // Of v only the hash leaves this session, so that no other browser can finish this login.
        [$v, $state] = [random_bytes(32), b64u(random_bytes(16))];
        $opened = koppel('/v1/prompts', 201, b64u(random_bytes(16)), [
            'user' => ['external_id' => USERS[$name], 'login_name' => $name], 'purpose' => 'login', 'binding' => b64u(hash('sha256', $v, true)), 'first_factor_at' => time(),
            'browser' => ['ip' => $_SERVER['REMOTE_ADDR'], 'user_agent' => $_SERVER['HTTP_USER_AGENT'] ?? ''], 'return_url' => getenv('APP_URL') . '/2fa', 'state' => $state]);
        if ($opened === null) page('We cannot check your second factor now. Please try again later.', 503);
        session_regenerate_id(true);
        $_SESSION = ['waiting' => ['user' => USERS[$name], 'name' => $name, 'v' => b64u($v), 'state' => $state, 'prompt' => $opened['prompt']]];
        header("Location: {$opened['url']}", true, 303);
        break;
    case 'GET /2fa':
        [$waiting, $code] = [$_SESSION['waiting'] ?? [], (string) ($_GET['code'] ?? '')];
        if (!same($_GET['state'] ?? '', $waiting['state'] ?? null) || !same($_GET['prompt'] ?? '', $waiting['prompt'] ?? null) || !same($_GET['iss'] ?? '', getenv('KOPPEL_URL')))
            page('This does not belong to your browser. <a href="/sign-in">Sign in</a>', 403);
        $verified = koppel("/v1/prompts/{$waiting['prompt']}/result", 200, hash('sha256', $code), ['code' => $code, 'v' => $waiting['v']]);
        session_regenerate_id(true);
        $_SESSION = [];
        if ([$verified['verified'] ?? null, $verified['user'] ?? null, $verified['purpose'] ?? null] !== [true, $waiting['user'], 'login']) page('You are not in. <a href="/sign-in">Again</a>', 403);
        $_SESSION['user'] = $waiting['name'];
        header('Location: /', true, 303);
        break;
    default:
        page('There is nothing here.', 404);
}
