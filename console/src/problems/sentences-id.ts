/**
 * The server's fixed sentences that people meet here, in Indonesian; a sentence that is not among them is told by its
 * code (codes-id.ts). test/unit/console/problems.test.ts notices a rule of a field or card that is missing.
 */
export const SENTENCES_ID: Readonly<Record<string, string>> = {
  // What a correction breaks.
  'It is empty; null says that there is nothing.': 'Isian kosong.',
  'It is longer than 100 characters.': 'Lebih panjang dari 100 karakter.',
  'It has characters that cards do not print.': 'Ada karakter yang tidak dicetak pada kartu.',
  'A NIK has 16 digits.': 'NIK terdiri dari 16 angka.',
  'Digits 7 to 12 of a NIK are a date of birth.': 'Angka 7 sampai 12 pada NIK adalah tanggal lahir.',
  'The first two digits of a NIK name a province.': 'Dua angka pertama NIK adalah kode provinsi.',
  'A date is written YYYY-MM-DD and exists.': 'Tanggal ditulis YYYY-MM-DD dan harus ada di kalender.',
  'The date lies in the future.': 'Tanggal ini belum lewat.',
  'It has three digits.': 'Terdiri dari tiga angka.',
  'It is LAKI-LAKI or PEREMPUAN.': 'Isinya LAKI-LAKI atau PEREMPUAN.',
  'It is A, B, AB or O, with + or -, or a dash.': 'Isinya A, B, AB, atau O, dengan + atau -, atau tanda hubung.',
  'It is none of the religions that cards print.': 'Bukan agama yang tercetak pada KTP.',
  'It is none of the marital states that cards print.': 'Bukan status perkawinan yang tercetak pada KTP.',
  'There is no province of this name.': 'Tidak ada provinsi dengan nama ini.',
  'There is no regency or city of this name.': 'Tidak ada kabupaten atau kota dengan nama ini.',
  // What does not fit together on a card.
  'The NIK does not have 16 digits.': 'NIK tidak terdiri dari 16 angka.',
  'Digits 7 to 12 of the NIK are no date of birth.': 'Angka 7 sampai 12 pada NIK bukan tanggal lahir.',
  'The first two digits of the NIK name no province.': 'Dua angka pertama NIK bukan kode provinsi.',
  'The first six digits of the NIK name no current district; codes of former districts stay valid.':
    'Enam angka pertama NIK bukan kode kecamatan yang ada sekarang; kode kecamatan lama tetap berlaku.',
  'The serial number of the NIK is 0000, as on specimens.': 'Nomor urut NIK adalah 0000, seperti pada contoh kartu.',
  'The NIK encodes a different sex from the one printed.': 'Jenis kelamin menurut NIK berbeda dari yang tercetak.',
  'The NIK tells another date of birth than the card.': 'Tanggal lahir menurut NIK berbeda dari yang tercetak.',
  'The NIK was first issued in another regency than the card names; people move.':
    'NIK pertama kali terbit di kabupaten/kota lain dari yang tercetak; orang dapat pindah.',
  // What a model added, or did not.
  'The vision-language model was not ready: the card was read by OCR alone.':
    'Model bahasa-visual belum siap: kartu dibaca dengan OCR saja.',
  'The vision-language model did not answer in time: the card was read by OCR alone.':
    'Model bahasa-visual tidak menjawab tepat waktu: kartu dibaca dengan OCR saja.',
  'The vision-language model gave no usable answer: the card was read by OCR alone.':
    'Jawaban model bahasa-visual tidak dapat dipakai: kartu dibaca dengan OCR saja.',
  'The vision-language model read known fields wrong: nothing of its answer was taken.':
    'Model bahasa-visual salah membaca isian yang sudah pasti: jawabannya tidak dipakai.',
  // What is not ready.
  'The workflow service is temporarily unavailable.': 'Layanan alur kerja sedang tidak tersedia.',
  'The database is temporarily unavailable.': 'Basis data sedang tidak tersedia.',
  'Images cannot be stored right now: the disk is full or fails.':
    'Gambar tidak dapat disimpan sekarang: disk penuh atau rusak.',
  'No engine is ready to read a card yet.': 'Belum ada mesin yang siap membaca kartu.',
  'The OCR models are being loaded.': 'Model OCR sedang dimuat.',
  'The OCR models cannot be loaded.': 'Model OCR tidak dapat dimuat.',
  'The model is being loaded.': 'Model sedang dimuat.',
  'The model is being loaded again.': 'Model sedang dimuat lagi.',
  'The model server is busy.': 'Server model sedang sibuk.',
  'The model server is not ready.': 'Server model belum siap.',
  'The model server cannot be reached.': 'Server model tidak terjangkau.',
  'The model read the numbers of a test card wrong: its values never count as sure.':
    'Model salah membaca angka pada kartu uji: nilainya tidak pernah dianggap yakin.',
  'The model gave no answer about a test card: its values never count as sure.':
    'Model tidak menjawab tentang kartu uji: nilainya tidak pernah dianggap yakin.',
  // What may be wrong with a picture.
  'The image is empty.': 'Gambar kosong.',
  'The file is not an image.': 'Berkas ini bukan gambar.',
  'The image is damaged: none of its pixels can be decoded.': 'Gambar rusak: tidak ada yang dapat dibuka.',
  'The image is damaged: what could be decoded shows no KTP.': 'Gambar rusak: bagian yang terbuka tidak memuat KTP.',
};
