<?php
// seed.php SITE: makes the database, installs the site, a shop manager and three products.
$socket = getenv('WORDPRESS_SOCKET');
(new mysqli('localhost', 'root', '', '', 0, $socket))->query('CREATE DATABASE IF NOT EXISTS wordpress');
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = '127.0.0.1:8000';
require $argv[1] . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Lamp Shop', 'merchant', 'merchant@example.com', true, '', 'merchant-password');
update_option('permalink_structure', '/%postname%/');
flush_rewrite_rules();
wp_insert_user(['user_login' => 'reader', 'user_pass' => 'reader-password', 'role' => 'subscriber']);
update_option('shop_products', [7 => ['name' => 'Mug 7', 'images' => []], 8 => ['name' => 'Lamp 8', 'images' => []], 9 => ['name' => 'Vase 9', 'images' => []]]);
