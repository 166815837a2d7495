<?php

namespace App\Http\Controllers;

use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Http;

/**
 * Takes a picture of a KTP (form field `image`) and answers with its fields.
 *
 * config/services.php: 'ktpflow' => ['url' => env('KTPFLOW_URL', 'http://127.0.0.1:3000'), 'key' => env('KTPFLOW_API_KEY')]
 * routes/api.php:      Route::post('/ktp', KtpController::class);
 */
class KtpController extends Controller
{
    public function __invoke(Request $request): JsonResponse
    {
        $image = $request->validate(['image' => ['required', 'file', 'max:15360']])['image'];
        $answer = Http::baseUrl(config('services.ktpflow.url'))
            ->when(config('services.ktpflow.key'), fn ($http, $key) => $http->withToken($key))
            ->timeout(90)
            ->attach('image', $image->get(), 'card')
            ->post('/v1/ktp/extractions?wait=60');

        // 400 is the caller's picture; everything else is not for their eyes.
        if ($answer->failed()) {
            return response()->json(['error' => $answer->json('error.code')], $answer->status() === 400 ? 400 : 502);
        }
        // 202: not read within a minute. Ask GET /v1/ktp/extractions/{id} again, or have a webhook tell you.
        if ($answer->status() === 202) {
            return response()->json(['id' => $answer->json('id'), 'status' => $answer->json('status')], 202);
        }
        if ($answer->json('result') === null) {
            return response()->json(['error' => $answer->json('error.code')], 422);
        }
        $doubtful = collect($answer->json('result.fields'))
            ->filter(fn (array $field) => $field['value'] !== null && $field['confidence'] < 0.9);

        return response()->json(['card' => $answer->json('result.compat'), 'please_check' => $doubtful->keys()]);
    }
}
